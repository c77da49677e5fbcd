export type Paint = (style: "bold" | "dim" | "green" | "red" | "yellow", text: string) => string;

export interface Cell {
  long: string;
  /** One character, for when the terminal is too narrow. */
  short: string;
  /** Explains `short` under a narrow matrix. */
  meaning?: string;
  style: "dim" | "green" | "red" | "yellow";
}

export interface Matrix {
  title: string;
  names: readonly string[];
  columns: number;
  cell(from: string, to: string): Cell;
  paint: Paint;
}

const GAP = 2;
const NARROWEST_CELL = 5;
const MAX_LABEL = 24;

/** Rows send, columns receive. One character a cell, and numbered columns, when the whole does not fit. */
export function renderMatrix(matrix: Matrix): string {
  const { names } = matrix;
  if (names.length === 0) return matrix.title;
  const label = Math.max(...names.map((name) => name.length));
  const cell = Math.max(label, NARROWEST_CELL) + GAP;
  const lines =
    label + cell * names.length <= matrix.columns ? renderWide(matrix, label, cell) : renderNarrow(matrix, Math.min(label, MAX_LABEL));
  return [matrix.title, ...lines].join("\n");
}

function renderWide({ names, cell, paint }: Matrix, label: number, width: number): string[] {
  const head = " ".repeat(label) + names.map((name) => name.padStart(width)).join("");
  const rows = names.map((from) => {
    const cells = names.map((to) => {
      const { long, style } = cell(from, to);
      return " ".repeat(Math.max(1, width - long.length)) + paint(style, long);
    });
    return from.padEnd(label) + cells.join("");
  });
  return [head, ...rows];
}

/** As many blocks of columns as the width asks for. */
function renderNarrow({ names, cell, paint, columns }: Matrix, label: number): string[] {
  const digits = String(names.length).length;
  const left = digits + 1 + label + 1;
  const perBlock = Math.max(1, columns - left);
  const legend = new Map<string, string>();
  const lines: string[] = [];
  for (let start = 0; start < names.length; start += perBlock) {
    const block = names.slice(start, start + perBlock);
    for (let digit = 0; digit < digits; digit++) {
      lines.push(" ".repeat(left) + block.map((_, index) => String(start + index + 1).padStart(digits)[digit]).join(""));
    }
    for (const [index, from] of names.entries()) {
      const cells = block.map((to) => {
        const { short, meaning, style } = cell(from, to);
        if (meaning !== undefined) legend.set(short, meaning);
        return paint(style, short);
      });
      const name = from.length > label ? `${from.slice(0, label - 1)}~` : from.padEnd(label);
      lines.push(`${String(index + 1).padStart(digits)} ${name} ${cells.join("")}`);
    }
  }
  const meanings = [...legend].map(([short, meaning]) => `${short} ${meaning}`);
  return [...lines, [". ok", ...meanings].join(", ")];
}
