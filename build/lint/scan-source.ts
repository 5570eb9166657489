/** What the layering check needs of a TypeScript file: its import specifiers, and its code without words in text. */
export interface ScannedSource {
  readonly imports: readonly { readonly specifier: string; readonly line: number }[];
  /** The source with comments blanked out and the content of strings removed; line breaks stay. */
  readonly code: string;
}

/**
 * A lexer, not a parser: it knows comments, strings, templates and regular expressions, which is what keeps a word
 * in prose from counting as code.
 */
export function scanSource(source: string): ScannedSource {
  const strings: string[] = [];
  let code = '';
  let at = 0;
  /** For each open `${`, how many braces are open inside it. */
  const templates: number[] = [];
  while (at < source.length) {
    const two = source.slice(at, at + 2);
    const char = source[at] ?? '';
    if (two === '//') {
      at = endOr(source.indexOf('\n', at), source.length);
    } else if (two === '/*') {
      const end = endOr(source.indexOf('*/', at + 2), source.length - 2) + 2;
      code += newlines(source.slice(at, end)) || ' ';
      at = end;
    } else if (char === "'" || char === '"') {
      const end = stringEnd(source, at);
      code += `"${strings.length}"`;
      strings.push(source.slice(at + 1, end - 1));
      at = end;
    } else if (char === '`' || (char === '}' && templates.at(-1) === 0)) {
      if (char === '}') templates.pop();
      const { end, opensExpression } = templatePartEnd(source, at + 1);
      code += newlines(source.slice(at, end));
      code += opensExpression ? '+(' : ')';
      if (opensExpression) templates.push(0);
      at = end;
    } else if (char === '/' && regexMayStart(code)) {
      at = regexEnd(source, at);
      code += '0';
    } else {
      const depth = templates.at(-1);
      if (depth !== undefined && char === '{') templates[templates.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') templates[templates.length - 1] = depth - 1;
      code += char;
      at += 1;
    }
  }
  return { imports: findImports(code, strings), code: code.replace(/"\d+"/g, '""') };
}

function findImports(code: string, strings: readonly string[]): ScannedSource['imports'] {
  const found: { specifier: string; line: number }[] = [];
  const patterns = [
    /\b(?:import|export)\b[^;"()]*?\bfrom\s*"(\d+)"/g,
    /\bimport\s*"(\d+)"/g,
    /\bimport\s*\(\s*"(\d+)"/g,
    /\brequire\s*\(\s*"(\d+)"/g,
  ];
  for (const pattern of patterns) {
    for (const match of code.matchAll(pattern)) {
      const specifier = strings[Number(match[1])] ?? '';
      found.push({ specifier, line: lineOf(code, match.index + match[0].length) });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** The 1-based line of an offset. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function endOr(index: number, otherwise: number): number {
  return index < 0 ? otherwise : index;
}

function newlines(text: string): string {
  return text.replace(/[^\n]/g, '');
}

function stringEnd(source: string, start: number): number {
  const quote = source[start];
  let at = start + 1;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

function templatePartEnd(source: string, start: number): { end: number; opensExpression: boolean } {
  let at = start;
  while (at < source.length && source[at] !== '`') {
    if (source[at] === '$' && source[at + 1] === '{') return { end: at + 2, opensExpression: true };
    at += source[at] === '\\' ? 2 : 1;
  }
  return { end: at + 1, opensExpression: false };
}

function regexMayStart(code: string): boolean {
  const before = code.trimEnd();
  return /(?:^|[(,=:[!&|?{};<>+\-*%~^]|\b(?:return|typeof|case|in|of))$/.test(before);
}

function regexEnd(source: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < source.length && source[at] !== '\n' && (inClass || source[at] !== '/')) {
    if (source[at] === '[') inClass = true;
    if (source[at] === ']') inClass = false;
    at += source[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}
