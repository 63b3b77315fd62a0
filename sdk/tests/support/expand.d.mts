export function expand(body: string): string;
