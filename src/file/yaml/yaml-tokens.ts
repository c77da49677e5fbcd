import { Lexer, LineCounter, Parser, type CST } from "yaml";
import { SpanwireError } from "../../model/problem.ts";
import { MAX_DEPTH, MAX_TOKENS } from "../schema/limits.ts";

/** The document itself and a scalar stand on the parser's stack beside the collections. */
const STACK_BESIDE_COLLECTIONS = 2;

/**
 * The first half of reading YAML, which neither recurses nor expands anything, with the limits enforced while the
 * text goes through: nothing deep or endless reaches the composer, which recurses.
 */
export function readTokens(text: string, file: string): { tokens: CST.Token[]; lines: LineCounter } {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  let count = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    offset = parser.offset;
    count++;
    if (parser.stack.length > MAX_DEPTH + STACK_BESIDE_COLLECTIONS) {
      throw tooMuch(`it nests deeper than ${MAX_DEPTH} levels`, "flatten it: a spec needs six levels");
    }
    if (count > MAX_TOKENS) {
      throw tooMuch(`it has more than ${MAX_TOKENS} YAML tokens`, "split the cluster: a spec holds at most 10,000 hosts");
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens, lines };

  function tooMuch(why: string, advice: string): SpanwireError {
    const { line, col } = lines.linePos(offset);
    return new SpanwireError({
      kind: "input",
      doing: "reading",
      what: "the file",
      where: file,
      why,
      try: advice,
      at: { file, line, column: col },
    });
  }
}
