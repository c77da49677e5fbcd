import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressAt,
  containsPrefix,
  familyOf,
  findAddressFault,
  findPrefixFault,
  firstAddress,
  lastAddress,
  networkOf,
  offsetIn,
  overlapsPrefix,
  parseAddress,
  parsePrefix,
  prefixSize,
  subprefix,
} from "./prefix.ts";

/** The model: a family, a number and a length, written by hand and not by the code under test. */
interface Model {
  family: 4 | 6;
  value: bigint;
  length: number;
}

const bitsOf = (model: Model): number => (model.family === 4 ? 32 : 128);

function textOf({ family, value }: Model): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  return Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(":");
}

const rangeOf = (model: Model): [bigint, bigint] => {
  const size = 1n << BigInt(bitsOf(model) - model.length);
  const first = (model.value / size) * size;
  return [first, first + size - 1n];
};

const model4 = fc.record({ family: fc.constant<4>(4), value: fc.bigInt(0n, 2n ** 32n - 1n), length: fc.nat(32) });
// Above ::ffff:0:0/96, which parseAddress refuses.
const model6 = fc.record({ family: fc.constant<6>(6), value: fc.bigInt(2n ** 64n, 2n ** 128n - 1n), length: fc.nat(128) });
const anyModel: fc.Arbitrary<Model> = fc.oneof(model4, model6);
/** Two prefixes that often nest: the second is near the first. */
const pair = anyModel.chain((a) =>
  fc.tuple(
    fc.constant(a),
    fc.oneof(
      anyModel,
      fc.nat(bitsOf(a)).map((length) => ({ ...a, length })),
    ),
  ),
);

const cidr = (model: Model): string => networkOf(`${textOf(model)}/${model.length}`);

describe("prefixes against a BigInt model", () => {
  it("parses what it prints, in canonical form", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const canonical = parseAddress(textOf(model));
        expect(parseAddress(canonical)).toBe(canonical);
        expect(offsetIn(model.family === 4 ? "0.0.0.0/0" : "::/0", canonical)).toBe(model.value);
        if (model.family === 4) expect(canonical).toBe(textOf(model));
      }),
    );
  });

  it("agrees on first, last, size and every offset", () => {
    fc.assert(
      fc.property(anyModel, fc.bigInt(0n, 2n ** 128n), (model, seed) => {
        const [first, last] = rangeOf(model);
        const text = cidr(model);
        const size = last - first + 1n;
        expect(prefixSize(text)).toBe(size);
        expect(firstAddress(text)).toBe(parseAddress(textOf({ ...model, value: first })));
        expect(lastAddress(text)).toBe(parseAddress(textOf({ ...model, value: last })));
        expect(addressAt(text, seed % size)).toBe(parseAddress(textOf({ ...model, value: first + (seed % size) })));
        expect(() => addressAt(text, size)).toThrow(RangeError);
      }),
    );
  });

  it("agrees on containment and overlap", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [aFirst, aLast] = rangeOf(a);
        const [bFirst, bLast] = rangeOf(b);
        const sameFamily = a.family === b.family;
        expect(containsPrefix(cidr(a), cidr(b))).toBe(sameFamily && aFirst <= bFirst && bLast <= aLast);
        expect(overlapsPrefix(cidr(a), cidr(b))).toBe(sameFamily && aFirst <= bLast && bFirst <= aLast);
      }),
      { numRuns: 500 },
    );
  });

  it("cuts a prefix into equal parts that do not overlap and fill it", () => {
    fc.assert(
      fc.property(anyModel, fc.integer({ min: 0, max: 4 }), (model, extra) => {
        const length = Math.min(model.length + extra, bitsOf(model));
        const count = 2 ** (length - model.length);
        const parts = Array.from({ length: count }, (_, i) => subprefix(cidr(model), length, i));
        expect(firstAddress(parts[0]!)).toBe(firstAddress(cidr(model)));
        expect(lastAddress(parts.at(-1)!)).toBe(lastAddress(cidr(model)));
        for (const [i, part] of parts.entries()) {
          expect(offsetIn(cidr(model), firstAddress(part))).toBe(BigInt(i) * prefixSize(part));
        }
        expect(() => subprefix(cidr(model), length, count)).toThrow(RangeError);
      }),
    );
  });

  it("refuses exactly the prefixes with host bits, and proposes the network", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const text = `${parseAddress(textOf(model))}/${model.length}`;
        const fault = findPrefixFault(text);
        expect(fault === undefined).toBe(rangeOf(model)[0] === model.value);
        if (fault !== undefined) expect(fault.try).toBe(`write ${networkOf(text)}`);
      }),
    );
  });
});

describe("strictness", () => {
  const refused = [
    "010.0.0.1",
    "0x7f.1",
    "127.1",
    "2130706433",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "10.0.0.1 ",
    " 10.0.0.1",
    "",
    "1.2.3.4/",
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "fe80::1%eth0",
    "1::2::3",
    "fd00::10.0.0.1",
    "12345::1",
    "１.2.3.4",
  ];
  it.each(refused)("refuses the address %j", (text) => {
    const fault = findAddressFault(text);
    expect(fault?.why).not.toBe("");
    expect(fault).toBeDefined();
    expect(() => parseAddress(text)).toThrow(/reading the address/);
  });

  it.each([
    "10.0.0.0",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/255.255.0.0",
    "fd00::/129",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0.5/24",
  ])("refuses the prefix %j", (text) => {
    expect(() => parsePrefix(text)).toThrow(/reading the prefix/);
  });

  it("writes IPv6 as RFC 5952 does", () => {
    expect(parseAddress("FD00:0:0:0:0:0:0:1")).toBe("fd00::1");
    expect(parseAddress("2001:db8:0:0:1:0:0:1")).toBe("2001:db8::1:0:0:1");
    expect(parsePrefix("FD00:0010::/64")).toBe("fd00:10::/64");
    expect(familyOf("fd00::1")).toBe(6);
  });
});
