import { parseOptions, usageError } from '../shared/clap.mjs'
import { isAtLeast } from '../shared/client-sdk5.mjs'
import { recordViolation } from '../shared/recording.mjs'
import { hsmInfo } from './cluster-info.mjs'
import { answerFrom, answerOf } from './faults.mjs'
import { forbiddenCommands } from './forbidden.mjs'
import { keyList } from './key-list.mjs'
import { keyReplicate } from './key-replicate.mjs'
import { login, logout } from './login.mjs'
import { userReplicate } from './user-replicate.mjs'
import { userList } from './users.mjs'

/**
 * Every command by the words before its options: `prepare(session, options)` finds clusters and logins, `act` does it.
 * One without `options` does not read them.
 */
const commands = {
  login,
  logout,
  'user list': userList,
  'user replicate': userReplicate,
  'key list': keyList,
  'key replicate': keyReplicate,
  'cluster hsm-info': hsmInfo,
  help: {
    act: () => ({
      ok: true,
      text: `Commands: ${['interactive', 'quit', ...Object.keys(commands)].join(', ')}\n`,
      exit: 0,
    }),
  },
  ...forbiddenCommands,
}

const firstWords = new Set(['interactive', 'quit', 'exit', ...Object.keys(commands).map((name) => name.split(' ')[0])])

/** Runs one command, given as words: what to print and the exit status. Throws a UsageError for what it cannot read. */
export function runCommand(session, words) {
  if (words.some((word) => /^--password(=|$)/.test(word))) {
    recordViolation('cloudhsm-cli', 'a password was an argument: every user of the machine can see it')
  }
  const { name, command, rest } = commandAt(session, words)
  const options = command.options === undefined ? {} : optionsOf(session, { name, command, rest })
  session.wait(name)
  return answerFrom(session, () => {
    const input = { options, prepared: command.prepare?.(session, options) }
    return answerOf(session, {
      command: name,
      line: words.join(' '),
      act: (fault) => command.act(session, { ...input, fault }),
      pretend: command.pretend && (() => command.pretend(session, input)),
    })
  })
}

/** A typed line as a log may have it. What is no command may be a password that nobody had asked for. */
export function maskLine(words) {
  return firstWords.has(words[0]) ? maskPasswords(words) : '***'
}

/** A command line as a log may have it. */
export function maskPasswords(words) {
  return words
    .map((word, at) => (words[at - 1] === '--password' ? '***' : word.replace(/^(--password=).*/s, '$1***')))
    .join(' ')
}

function commandAt(session, words) {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ')
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command === undefined || !isAtLeast(session.version, command.since ?? '5.0')) continue
    return { name, command, rest: words.slice(length) }
  }
  const isGroup = words.length > 1 && Object.keys(commands).some((name) => name.startsWith(`${words[0]} `))
  throw usageError(`unrecognized subcommand '${words[isGroup ? 1 : 0]}'`, 'cloudhsm-cli [COMMAND]')
}

function optionsOf(session, { name, command, rest }) {
  const options = { ...command.options, ...(session.isInteractive ? {} : { '--config': { value: 'CONFIG' } }) }
  // Several clusters in one file came with 5.12.
  if (!isAtLeast(session.version, '5.12')) delete options['--cluster-id']
  return parseOptions(rest, { usage: `cloudhsm-cli ${name} [OPTIONS]`, options })
}
