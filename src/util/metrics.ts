/**
 * Metrics: figures that rooms keep as plain numbers, and a registry that reads them when somebody asks.
 *
 *     a room      figures.sent += bytes          an increment, and nothing else, where the work is done
 *     registry    name, help, how to read it     told once, by whoever knows the name that the outside expects
 *     scrape      registry.text()                reads all of it, in the text form of Prometheus (version 0.0.4)
 *
 * Numbers are written as Go writes them, series stand in the order of their names: what compares texts finds the same.
 */

export type MetricKind = 'counter' | 'gauge';
export type Labels = Readonly<Record<string, string>>;

/** Takes one series of a family. */
export type AddSeries<T> = (labels: Labels, value: T) => void;

/** How often something took how long, or how much: counts per bucket. */
export class Histogram {
  /** Upper bounds, ascending; each bound belongs to its bucket. */
  readonly bounds: readonly number[];
  /** Per bucket, not summed up; the last is for what is beyond the bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    for (let i = 1; i < bounds.length; i++) {
      if (bounds[i]! <= bounds[i - 1]!) throw new Error(`the bounds of a histogram ascend: ${bounds.join()}`);
    }
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** @param times how many of the same value */
  observe(value: number, times: number = 1): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.counts[bucket]! += times;
    this.sum += value * times;
  }
}

/** The bounds `start`, `start` × `factor`, …: `count` of them. */
export function exponentialBounds(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, power) => start * factor ** power);
}

type Series = { readonly labels: string; readonly value: number | Histogram };

interface Family {
  readonly kind: MetricKind | 'histogram';
  readonly help: string;
  readonly read: () => readonly Series[];
}

const noLabels: Labels = {};
const nameForm = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

export class Metrics {
  readonly #families = new Map<string, Family>();

  /** One series without labels, read at each scrape. */
  counter(name: string, help: string, read: () => number): void {
    this.family('counter', name, help, (add) => add(noLabels, read()));
  }

  gauge(name: string, help: string, read: () => number): void {
    this.family('gauge', name, help, (add) => add(noLabels, read()));
  }

  histogram(name: string, help: string, histogram: Histogram): void {
    this.histograms(name, help, (add) => add(noLabels, histogram));
  }

  /** Any number of series; with none the name is not shown at all. */
  family(kind: MetricKind, name: string, help: string, read: (add: AddSeries<number>) => void): void {
    this.#add(name, kind, help, read as (add: AddSeries<number | Histogram>) => void);
  }

  histograms(name: string, help: string, read: (add: AddSeries<Histogram>) => void): void {
    this.#add(name, 'histogram', help, read as (add: AddSeries<number | Histogram>) => void);
  }

  #add(
    name: string,
    kind: Family['kind'],
    help: string,
    read: (add: AddSeries<number | Histogram>) => void,
  ): void {
    if (!nameForm.test(name)) throw new Error(`${name} is no name of a metric`);
    if (this.#families.has(name)) throw new Error(`the metric ${name} is there already`);
    const all = (): readonly Series[] => {
      const series: Series[] = [];
      read((labels, value) => series.push({ labels: labelText(labels), value }));
      return series;
    };
    this.#families.set(name, { kind, help, read: all });
  }

  get names(): readonly string[] {
    return [...this.#families.keys()].sort();
  }

  /** Everything there is to know, now. */
  text(): string {
    let text = '';
    for (const name of this.names) {
      const { kind, help, read } = this.#families.get(name)!;
      const series = read();
      if (series.length === 0) continue;
      text += `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${kind}\n`;
      for (const { labels, value } of sorted(series)) {
        if (typeof value === 'number') text += `${name}${braced(labels)} ${numberText(value)}\n`;
        else text += histogramText(name, labels, value);
      }
    }
    return text;
  }
}

function sorted(series: readonly Series[]): readonly Series[] {
  if (series.length === 1) return series;
  return [...series].sort((a, b) => (a.labels < b.labels ? -1 : 1));
}

function labelText(labels: Labels): string {
  const names = Object.keys(labels).sort();
  return names.map((name) => `${name}="${escaped(labels[name]!).replaceAll('"', '\\"')}"`).join(',');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function histogramText(name: string, labels: string, { bounds, counts, sum }: Histogram): string {
  const before = labels === '' ? '' : `${labels},`;
  let text = '';
  let count = 0;
  for (let i = 0; i < counts.length; i++) {
    count += counts[i]!;
    const bound = i < bounds.length ? numberText(bounds[i]!) : '+Inf';
    text += `${name}_bucket{${before}le="${bound}"} ${numberText(count)}\n`;
  }
  return `${text}${name}_sum${braced(labels)} ${numberText(sum)}\n${name}_count${braced(labels)} ${numberText(count)}\n`;
}

/** Beyond these powers of ten Go writes the power. */
const largestPlainPower = 5;
const smallestPlainPower = -4;

/** A number as Go's shortest form has it: `2.147483648e+09`, `20480`, `1e-05`. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [digits, power] = value.toExponential().split('e') as [string, string];
  const exponent = Number(power);
  if (exponent >= smallestPlainPower && exponent <= largestPlainPower) return String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
