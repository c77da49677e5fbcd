import { describe, expect, it } from "vitest";
import { MAX_FILE_BYTES, MAX_HOSTS } from "../../src/file/schema/limits.ts";
import { networkWith, problemsOf, specWith } from "./problems-of.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("the specs these tests start from are right", () => {
  expect(problemsOf(specWith({}))).toEqual([]);
  expect(problemsOf(networkWith("mtu: 1400"))).toEqual([]);
});

describe("B01: empty file, only comments, null, list at the top", () => {
  it.each(["", "\n\n", "# nothing yet\n", "null\n", "---\n", "- version: 1\n", "just words\n", "42\n"])("%j", (text) => {
    expect(problemsOf(text)).toMatchSnapshot();
  });
});

describe("B02: indentation, encodings, line ends", () => {
  it("refuses tabs, with the place", () => {
    expect(problemsOf(specWith({ hosts: "\tvm1: { address: 192.0.2.1 }" }))).toMatchInlineSnapshot(`
      [
        "4:1 input, the YAML: a tab is used for indentation, which YAML does not allow -> indent with spaces",
      ]
    `);
  });

  it("accepts a byte order mark and CRLF, and counts lines right after them", () => {
    expect(problemsOf(bytes(`\ufeff${specWith({})}`))).toEqual([]);
    expect(problemsOf(specWith({}).replaceAll("\n", "\r\n"))).toEqual([]);
    expect(problemsOf(bytes(`\ufeff${networkWith("mtu: 1").replaceAll("\n", "\r\n")}`))).toMatchInlineSnapshot(`
      [
        "7:38 input, networks.apps.mtu: 1 is less than 576 -> write 576 or more",
      ]
    `);
    const mixed = networkWith("mtu: 1")
      .split("\n")
      .map((line, i) => line + (i % 2 === 0 ? "\r\n" : "\n"))
      .join("");
    expect(problemsOf(mixed)).toMatchInlineSnapshot(`
      [
        "7:38 input, networks.apps.mtu: 1 is less than 576 -> write 576 or more",
      ]
    `);
  });

  it("refuses NUL bytes, bad UTF-8 and UTF-16, with the place", () => {
    expect(problemsOf(bytes("version: 1\ncluster: a\0b\n"))).toMatchInlineSnapshot(`
      [
        "2:11 input, the file: the invisible character U+0000 is not allowed -> remove it",
      ]
    `);
    expect(problemsOf(new Uint8Array([...bytes("version: 1\nclust"), 0xc3, 0x28]))).toMatchInlineSnapshot(`
      [
        "2:6 input, the file: these bytes are not UTF-8 -> save the file as UTF-8",
      ]
    `);
    expect(problemsOf(new Uint8Array([0xff, 0xfe, 0x76, 0]))).toMatchInlineSnapshot(`
      [
        "1:1 input, the file: it is UTF-16 -> save it as UTF-8",
      ]
    `);
  });
});

describe("B03: alias bombs", () => {
  it("refuses what expands beyond the limit", () => {
    const lines = Array.from({ length: 9 }, (_, i) => `b${i + 1}: &b${i + 1} [${Array(9).fill(`*b${i}`).join(", ")}]`);
    expect(problemsOf(`b0: &b0 [x, x, x, x, x, x, x, x, x]\n${lines.join("\n")}\n`)).toMatchInlineSnapshot(`
      [
        "1:1 input, the file: its aliases expand to 4.4e+9 values; at most 500000 are allowed -> write the values out",
      ]
    `);
  });

  it("refuses many aliases, aliases into themselves and without an anchor", () => {
    expect(problemsOf(`a: &a 1\nb: [${Array(200).fill("*a").join(", ")}]\n`)).toMatchInlineSnapshot(`
      [
        "2:405 input, b[100]: the file has more than 100 aliases -> write the values out",
      ]
    `);
    expect(problemsOf("a: &a [*a]\n")).toMatchInlineSnapshot(`
      [
        "1:8 input, a[0]: no anchor "&a" is complete above this alias -> define the anchor before it is used, and not around it",
      ]
    `);
    expect(problemsOf("a: *nowhere\n")).toMatchInlineSnapshot(`
      [
        "1:4 input, a: no anchor "&nowhere" is complete above this alias -> define the anchor before it is used, and not around it",
      ]
    `);
  });

  it("accepts a few aliases for repeated parts", () => {
    expect(
      problemsOf(
        specWith({
          networks:
            "  apps: { subnet: 10.64.0.0/12, dataplane: &plane { type: vxlan, port: 4789 } }\n  data: { subnet: 10.80.0.0/16, dataplane: *plane }",
        }),
      ),
    ).toEqual([]);
  });
});

describe("B04: merge keys and tags", () => {
  it.each([
    specWith({ hosts: "  vm1: &vm { address: 192.0.2.1, ssh: vm1 }\n  vm2: { <<: *vm, address: 192.0.2.2, ssh: vm2 }" }),
    specWith({ hosts: "  vm1: &a { address: 192.0.2.1 }\n  vm2: { <<: [*a], address: 192.0.2.2 }" }),
  ])("merges what is a mapping: %j", (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each([
    specWith({ hosts: "  vm1: &vm 192.0.2.1\n  vm2: { <<: *vm, address: 192.0.2.2 }" }),
    specWith({ hosts: "  vm1: &vm { address: 192.0.2.1, ssh: -x }\n  vm2: { <<: *vm, address: 192.0.2.2 }" }),
    networkWith("mtu: !!js/function 'x'"),
    networkWith("mtu: !!binary aGk="),
    networkWith("mtu: !!int 1400"),
    networkWith("mtu: !mine 1400"),
  ])("%j", (text) => {
    expect(problemsOf(text)).toMatchSnapshot();
  });
});

describe("B05: keys twice", () => {
  it("refuses the second, with the place of the first", () => {
    expect(problemsOf(specWith({ hosts: "  vm1: { address: 192.0.2.1 }\n  vm1: { address: 192.0.2.2 }" }))).toMatchInlineSnapshot(`
      [
        "5:3 input, hosts.vm1: the key is here a second time; the first is in line 4 -> remove one of the two",
      ]
    `);
    expect(problemsOf(`${specWith({})}cluster: other\n`)).toMatchInlineSnapshot(`
      [
        "8:1 input, cluster: the key is here a second time; the first is in line 2 -> remove one of the two",
      ]
    `);
  });

  it("refuses names that differ only in case or Unicode form", () => {
    expect(problemsOf(specWith({ hosts: "  vm1: { address: 192.0.2.1 }\n  VM1: { address: 192.0.2.2 }" }))).toMatchInlineSnapshot(`
      [
        "5:3 input, hosts.VM1: "VM1" is not a legal name: a name is 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends; several of these with dots between -> write vm1",
      ]
    `);
    expect(problemsOf(specWith({ hosts: "  caf\u00e9: { address: 192.0.2.1 }\n  cafe\u0301: { address: 192.0.2.2 }" })))
      .toMatchInlineSnapshot(`
        [
          "4:3 input, hosts["café"]: "café" is not a legal name: a name is 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends; several of these with dots between -> write cafe",
          "5:3 input, hosts["café"]: "café" is not a legal name: a name is 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends; several of these with dots between -> write cafe",
        ]
      `);
  });
});

it("B06: names every JavaScript object has", () => {
  for (const name of ["__proto__", "constructor", "toString"]) {
    const problems = problemsOf(specWith({ hosts: `  ${name}: { address: 192.0.2.1 }` }));
    expect(problems).toEqual([`4:3 input, hosts.${name}: "${name}" cannot be a name here -> choose another name`]);
  }
  expect(problemsOf(networkWith("__proto__: { mtu: 1 }"))).toMatchInlineSnapshot(`
    [
      "7:33 input, networks.apps.__proto__: "__proto__" cannot be a name here -> choose another name",
    ]
  `);
});

describe("B07: limits that hold before the text is parsed", () => {
  it("refuses more than 8 MiB by its size alone", () => {
    // Not YAML at all: had the parser seen it, it would have said so.
    expect(problemsOf(new Uint8Array(MAX_FILE_BYTES + 1).fill(0x5b))).toMatchInlineSnapshot(`
      [
        "1:1 input, the file: it has 8388609 bytes; at most 8388608 are allowed -> check that this is the spec file; one for 10,000 hosts has about 1 MB",
      ]
    `);
  });

  it("refuses depth in flow and block style, at the place where it goes too deep", () => {
    expect(problemsOf("[".repeat(10_000))).toMatchInlineSnapshot(`
      [
        "1:35 input, the file: it nests deeper than 32 levels -> flatten it: a spec needs six levels",
      ]
    `);
    expect(problemsOf("- ".repeat(10_000))).toMatchInlineSnapshot(`
      [
        "1:68 input, the file: it nests deeper than 32 levels -> flatten it: a spec needs six levels",
      ]
    `);
    expect(problemsOf(Array.from({ length: 40 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"))).toMatchInlineSnapshot(`
      [
        "34:35 input, the file: it nests deeper than 32 levels -> flatten it: a spec needs six levels",
      ]
    `);
  });

  it("refuses endless text and a megabyte in one line", () => {
    expect(problemsOf(`hosts: [${"a,".repeat(300_000)}]`)).toMatchInlineSnapshot(`
      [
        "1:333339 input, the file: it has more than 500000 YAML tokens -> split the cluster: a spec holds at most 10,000 hosts",
      ]
    `);
    expect(problemsOf(networkWith(`mtu: ${"x".repeat(1_000_000)}`))).toMatchInlineSnapshot(`
      [
        "7:38 input, networks.apps.mtu: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." is not a whole number or a mapping -> write 1450",
      ]
    `);
  });

  it("refuses more hosts and networks than supported before it looks at each", () => {
    const hosts = Array.from({ length: MAX_HOSTS + 1 }, (_, i) => `  Bad${i}: 1`).join("\n");
    const networks = Array.from({ length: 65 }, (_, i) => `  n${i}: { subnet: 10.${i}.0.0/16 }`).join("\n");
    expect(problemsOf(specWith({ hosts, networks }))).toMatchInlineSnapshot(`
      [
        "4:3 input, hosts: there are 10001 hosts; at most 10000 are supported -> split the cluster",
        "10006:3 input, networks: there are 65 networks; at most 64 are supported -> split the cluster",
      ]
    `);
  });
});

it("B08: several documents in one file", () => {
  expect(problemsOf(`${specWith({})}---\n${specWith({})}`)).toMatchInlineSnapshot(`
    [
      "8:1 input, the YAML: a second YAML document starts here, and a spec is one -> remove the --- line, or split the file",
    ]
  `);
});
