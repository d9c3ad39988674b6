import { type DestinationStream, pino } from 'pino'
import { redact } from './domain/redact.ts'

/** Sentences with fields; all of it redacted. */
export interface Log {
  debug(fields: object, sentence: string): void
  info(fields: object, sentence: string): void
  warn(fields: object, sentence: string): void
  error(fields: object, sentence: string): void
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** JSON lines to `out`. Everything passes through `redact`, whatever field it stands in. */
export function createLog(level: LogLevel, out: DestinationStream): Log {
  const clean: DestinationStream = { write: (line) => out.write(redact(line)) }
  return pino(
    { level, base: null, serializers: { error: describeError }, timestamp: pino.stdTimeFunctions.isoTime },
    clean,
  )
}

/** An error as fields: its kind, its words, its code and its causes. Never the objects SDKs hang on it: those carry requests. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { name: error.name, message: error.message, stack: error.stack, ...code, ...cause }
}
