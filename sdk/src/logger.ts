import { LogLevel, type LoggerProvider, type Options } from './options';

/** Writes to the page's logger what is as important as it wants. */
export function log({ logLevel, loggerProvider }: Options, level: LogLevel, words: unknown[]): void {
  if ((logLevel ?? LogLevel.Warn) < level) return;
  const logger: Pick<LoggerProvider, 'error' | 'warn' | 'log'> = loggerProvider ?? console;
  const write = level === LogLevel.Error ? logger.error : level === LogLevel.Warn ? logger.warn : logger.log;
  write.call(logger, '[reenact]', ...words);
}
