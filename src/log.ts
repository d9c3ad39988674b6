import { type DestinationStream, pino } from 'pino'
import { redact, redactValue } from './domain/redact.ts'

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
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, out)
  const write = (at: 'debug' | 'info' | 'warn' | 'error') => (fields: object, sentence: string) => {
    if (!logger.isLevelEnabled(at)) return
    const described = Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? describeError(value) : value,
    ])
    logger[at](redactValue(Object.fromEntries(described)), redact(sentence))
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

export type WarnOnce = (key: string, fields: object, sentence: string) => void

/** Warns once of each `key`, as long as this process lives: what stays wrong would bury the rest. */
export function warnOnce(log: Log): WarnOnce {
  const told = new Set<string>()
  return (key, fields, sentence) => {
    if (told.has(key)) return
    told.add(key)
    log.warn(fields, sentence)
  }
}

/**
 * An error as fields: its kind, its words, its code and its causes. Never the objects SDKs hang on it: those carry
 * requests.
 */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { name: error.name, message: error.message, stack: error.stack, ...code, ...cause }
}
