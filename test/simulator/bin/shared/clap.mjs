// Reads options as the Rust library `clap` does, which CloudHSM's Client SDK 5 tools are built with, and complains
// alike.

/** A command line that the tool does not understand; exit status 2, the text on standard error. */
export class UsageError extends Error {}

/**
 * The options in `words`, by their spelling. `options` says what there may be:
 * {'--verbose': {}, '--role': {value: 'ROLE', required, values, pattern, many}}; one without `value` is a flag.
 */
export function parseOptions(words, { usage, options }) {
  const found = {}
  for (let at = 0; at < words.length; ) {
    const [name, inline] = words[at++].split(/(?<=^--[a-z0-9-]+)=(.*)/s)
    const option = options[name]
    if (option === undefined) throw usageError(`unexpected argument '${name}' found`, usage)
    if (found[name] !== undefined && option.many !== true) {
      throw usageError(`the argument '${spelling(name, option)}' cannot be used multiple times`, usage)
    }
    if (option.value === undefined) found[name] = true
    else {
      const values = inline === undefined ? valuesAt(words, { at, option }) : [inline]
      if (inline === undefined) at += values.length
      if (values.length === 0)
        throw usageError(`a value is required for '${spelling(name, option)}' but none was supplied`, usage)
      for (const value of values) check(value, { name, option, usage })
      found[name] = option.many ? [...(found[name] ?? []), ...values] : values[0]
    }
  }
  const missing = Object.entries(options).filter(([name, option]) => option.required && found[name] === undefined)
  if (missing.length > 0) {
    const lines = missing.map(([name, option]) => `\n  ${spelling(name, option)}`)
    throw usageError(`the following required arguments were not provided:${lines.join('')}`, usage)
  }
  return found
}

/** `error: <problem>` with the usage line that clap adds. */
export function usageError(problem, usage) {
  return new UsageError(`error: ${problem}\n\nUsage: ${usage}\n\nFor more information, try '--help'.`)
}

function valuesAt(words, { at, option }) {
  const rest = words.slice(at, option.many ? undefined : at + 1)
  const end = rest.findIndex((word) => word.startsWith('-'))
  return end < 0 ? rest : rest.slice(0, end)
}

function check(value, { name, option, usage }) {
  const isAllowed = (option.values?.includes(value) ?? true) && (option.pattern?.test(value) ?? true)
  if (isAllowed) return
  const values = option.values === undefined ? '' : `\n  [possible values: ${option.values.join(', ')}]`
  throw usageError(`invalid value '${value}' for '${spelling(name, option)}'${values}`, usage)
}

function spelling(name, { value, many }) {
  if (value === undefined) return name
  return many ? `${name} [<${value}>...]` : `${name} <${value}>`
}
