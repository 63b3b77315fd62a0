const locale = 'en-GB';
const whole = new Intl.NumberFormat(locale);
const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `1,284` */
export const countText = (count: number) => whole.format(count);

/** `12.8k` from ten thousand on; below, every digit fits. */
export const shortCount = (count: number) => (count < 10_000 ? whole : short).format(count);

/** `3.1 GB`, with powers of 1000 as disks are sold. */
export function bytesText(size_bytes: number): string {
  let size = Math.max(0, size_bytes);
  let unit = 0;
  // 999.96 KB would read "1,000 KB".
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : Number(size.toFixed(1))} ${units[unit]}`;
}

/** `1 error`, `2 errors` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

const regions = new Intl.DisplayNames(locale, { type: 'region' });

/** `Austria` from `AT`; anything else as it came. */
export function countryName(country: string | null): string {
  if (!country || !/^[A-Za-z]{2}$/.test(country)) return country ?? '';
  return regions.of(country.toUpperCase()) ?? country;
}
