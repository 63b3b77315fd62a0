export interface SparkLine {
  line: string;
  area: string;
  /** The last point, which gets a dot. */
  end: { x: number; y: number };
}

/** Values over equal steps as SVG paths, from zero, so that a small change does not look like a cliff. */
export function sparkLine(values: readonly number[], width: number, height: number): SparkLine | null {
  if (values.length < 2) return null;
  const pad = 2;
  const top = Math.max(1, ...values);
  const points = values.map((value, index) => ({
    x: round(pad + (index / (values.length - 1)) * (width - 2 * pad)),
    y: round(height - pad - (Math.max(0, value) / top) * (height - 2 * pad)),
  }));
  const line = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return null;
  return { line, area: `${line}V${height}H${first.x}z`, end: last };
}

const round = (value: number) => Math.round(value * 10) / 10;
