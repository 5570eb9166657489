import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { type FieldProblem, fieldProblem } from './field-problem.ts';
import { quote } from './text-rules.ts';

/** A path into a document: names of members and indices of elements. */
export type JsonPath = readonly (string | number)[];

/** Something wrong at a place in a document. Lines count from 1. */
export interface JsonProblem {
  readonly line: number;
  readonly path: JsonPath;
  readonly problem: FieldProblem;
}

/** Strict JSON with the place of every part. */
export interface JsonDocument {
  readonly root: Node;
  lineOf(offset: number): number;
}

/**
 * Reads strict JSON that may be hostile: bounded in octets and in depth before anything recursive looks at it; no
 * comments, no trailing commas, no member twice, no `__proto__`. One problem at least when it fails.
 */
export function readJson(text: string): Result<JsonDocument, readonly JsonProblem[]> {
  if (text.length > limits.profileOctets || utf8.encode(text).length > limits.profileOctets) {
    return err([
      { line: 1, path: [], problem: fieldProblem('file-too-large', { most: limits.profileOctets }) },
    ]);
  }
  // Blanked, not cut, so that offsets stay those of the file.
  const source = text.startsWith('\ufeff') ? ` ${text.slice(1)}` : text;
  const lineOf = lineCounter(source);
  const tooDeep = offsetTooDeep(source);
  if (tooDeep !== undefined) {
    return err([
      {
        line: lineOf(tooDeep),
        path: [],
        problem: fieldProblem('file-nesting', { most: limits.profileDepth }),
      },
    ]);
  }
  const errors: ParseError[] = [];
  const root = parseTree(source, errors, { disallowComments: true, allowTrailingComma: false });
  const first = errors[0];
  if (first !== undefined) {
    return err([{ line: lineOf(first.offset), path: [], problem: syntaxProblem(first, source) }]);
  }
  if (root === undefined) return err([{ line: 1, path: [], problem: fieldProblem('file-empty') }]);
  const problems: JsonProblem[] = [];
  checkMembers(root, [], lineOf, problems);
  return problems.length > 0 ? err(problems) : ok({ root, lineOf });
}

/** Line and column, both from 1, are all a reader needs to find a syntax error. */
function syntaxProblem(error: ParseError, source: string): FieldProblem {
  const column = error.offset - source.lastIndexOf('\n', error.offset - 1);
  const words = printParseErrorCode(error.error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return fieldProblem('file-syntax', { column, what: words });
}

function lineCounter(source: string): (offset: number) => number {
  const starts: number[] = [];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

/** Brackets are counted outside of strings alone, before any recursive reader sees the text. */
function offsetTooDeep(source: string): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < source.length; at++) {
    const character = source[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"' || character === '\n') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (depth > limits.profileDepth) return at;
  }
  return undefined;
}

function checkMembers(
  node: Node,
  path: JsonPath,
  lineOf: (offset: number) => number,
  problems: JsonProblem[],
): void {
  const seen = new Set<string>();
  for (const [index, child] of (node.children ?? []).entries()) {
    if (problems.length >= limits.profileFailures) return;
    if (node.type === 'array') {
      checkMembers(child, [...path, index], lineOf, problems);
      continue;
    }
    const [key, value] = child.children ?? [];
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    const line = lineOf(key.offset);
    if (seen.has(name)) problems.push({ line, path, problem: fieldProblem('twice', { name: quote(name) }) });
    if (name === '__proto__')
      problems.push({ line, path, problem: fieldProblem('not-a-field', { name: quote(name) }) });
    seen.add(name);
    checkMembers(value, [...path, name], lineOf, problems);
  }
}

/** The line of the value at `path`, for text that was read before; 1 when there is none. */
export function lineOfField(text: string, path: JsonPath): number {
  const document = readJson(text);
  if (!document.ok) return 1;
  const node = findNodeAtLocation(document.value.root, [...path]);
  return node === undefined ? 1 : document.value.lineOf(node.offset);
}
