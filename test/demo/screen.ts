import pc from 'picocolors';

/** Lines of progress, with colours where they are read by a person. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #colors: ReturnType<typeof pc.createColors>;
  #open = '';

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#colors = pc.createColors(out.isTTY === true && (process.env['NO_COLOR'] ?? '') === '');
  }

  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  title(text: string): void {
    this.line(`\n${this.#colors.bold(text)}`);
  }

  /** A step begins; on a terminal it shows at once. */
  begin(name: string): void {
    this.#open = name;
    if (this.#out.isTTY === true) this.#out.write(`  ${this.#colors.yellow('…')} ${name}`);
  }

  /** The step that began last is over. */
  end(ms: number): void {
    if (this.#open === '') return;
    const line = `  ${this.#colors.green('✓')} ${this.#open.padEnd(28)}${this.#colors.dim(`${ms.toFixed(1).padStart(9)} ms`)}`;
    this.#out.write(this.#out.isTTY === true ? `\r\x1b[K${line}\n` : `${line}\n`);
    this.#open = '';
  }

  /** The step that began last failed. */
  fail(): void {
    if (this.#open === '') return;
    const line = `  ${this.#colors.red('✗')} ${this.#open}`;
    this.#out.write(this.#out.isTTY === true ? `\r\x1b[K${line}\n` : `${line}\n`);
    this.#open = '';
  }

  table(rows: readonly (readonly [name: string, value: string])[]): void {
    const width = Math.max(...rows.map(([name]) => name.length)) + 2;
    for (const [name, value] of rows) this.line(`  ${this.#colors.dim(name.padEnd(width))}${value}`);
  }
}
