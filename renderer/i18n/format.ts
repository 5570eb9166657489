/** Numbers, spans and moments as a reader of one language writes them. */
export interface Formats {
  /** Whole seconds and more: `3 s`, `5 min 3 s`, `2 h 5 min`, `3 d 4 h`. For what changes each second. */
  age(milliseconds: number): string;
  /** As few words as a round span needs: `30 s`, `4 h`, `1 h 30 min`. */
  brief(milliseconds: number): string;
  /** Milliseconds as they are measured: `42 ms`, `1,240 ms`. */
  gap(milliseconds: number): string;
  /** Octets a second as bits a second: value and unit apart, so that they can be set apart. */
  rate(octetsPerSecond: number): { readonly value: string; readonly unit: string };
  octets(octets: number): string;
  count(count: number): string;
  time(epochMs: number): string;
  /** Without seconds. */
  minute(epochMs: number): string;
  dateTime(epochMs: number): string;
  date(epochMs: number): string;
}

export function createFormats(locale: string): Formats {
  const whole = once(() => new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }));
  const one = once(
    () => new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  );
  const timeFormat = once(
    () =>
      new Intl.DateTimeFormat(locale, {
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        hourCycle: 'h23',
      }),
  );
  const minuteFormat = once(
    () =>
      new Intl.DateTimeFormat(locale, {
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      }),
  );
  const dateTimeFormat = once(
    () => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }),
  );
  const dateFormat = once(() => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }));
  const scaled = (amount: number, step: number, units: readonly string[]) => {
    let value = amount;
    let unit = 0;
    while (value >= step && unit < units.length - 1) {
      value /= step;
      unit++;
    }
    const digits = unit === 0 || value >= 100 ? whole() : one();
    return { value: digits.format(value), unit: units[unit] ?? '' };
  };
  return {
    age(milliseconds) {
      const seconds = Math.floor(Math.max(0, milliseconds) / 1_000);
      return seconds < 60 ? `${seconds} s` : long(seconds);
    },
    brief,
    gap: (milliseconds) =>
      milliseconds < 10_000
        ? `${whole().format(milliseconds)} ms`
        : `${one().format(milliseconds / 1_000)} s`,
    rate: (octets) => scaled(octets * 8, 1_000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s']),
    octets(octets) {
      const { value, unit } = scaled(octets, 1_000, ['B', 'kB', 'MB', 'GB', 'TB']);
      return `${value} ${unit}`;
    },
    count: (count) => whole().format(count),
    minute: (epochMs) => minuteFormat().format(epochMs),
    time: (epochMs) => timeFormat().format(epochMs),
    dateTime: (epochMs) => dateTimeFormat().format(epochMs),
    date: (epochMs) => dateFormat().format(epochMs),
  };
}

function long(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (seconds < 3_600) return `${minutes} min ${seconds % 60} s`;
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

function brief(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const said = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`);
  return said.length === 0 ? '0 s' : said.join(' ');
}

/** Made when it is first wanted: to make one takes milliseconds, and the first sight of the page wants few. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
