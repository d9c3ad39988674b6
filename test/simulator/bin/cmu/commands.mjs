import { recordViolation } from '../shared/recording.mjs'
import { changingCommands } from './changing.mjs'
import { playFault } from './faults.mjs'
import { inspectionCommands } from './inspection.mjs'
import { listingCommands } from './listing.mjs'
import { loginCommands } from './login.mjs'
import { modeCommands } from './mode.mjs'
import { syncCommands } from './sync.mjs'

/** Every command this tool knows, by its first word: (session, arguments, fault, line) → prints. */
const commands = {
  ...modeCommands,
  ...loginCommands,
  ...listingCommands,
  ...syncCommands,
  ...inspectionCommands,
  ...changingCommands,
  help: (session) => session.print(`Commands: ${['quit', ...Object.keys(commands)].join(' ')}`),
}

// What a session without end-to-end encryption still answers.
const inLimitedMode = new Set(['info', 'server', 'exit', 'listUsers', 'help'])
// Faults that the command itself must know, because they change what happens inside.
const inner = new Set(['mask-error', 'new-handle', 'twice'])

/**
 * One line of input. Answers whether the tool goes on. What the real one does at the end of its input is unknown; this
 * one leaves as if told to.
 */
export function take(session, line = 'quit') {
  if (line.trim() === 'quit') {
    session.print('disconnecting from servers, please wait...')
    session.log('quit')
    return false
  }
  session.log(line)
  runCommand(session, line)
  return true
}

function runCommand(session, line) {
  const [command, ...args] = line.trim().split(/\s+/)
  if (command === '' || command === undefined) return
  if (line.includes('\t')) recordViolation('cloudhsm_mgmt_util', 'a tab was sent: it can hang the real tool')
  const run = commands[command]
  if (run === undefined) {
    recordViolation('cloudhsm_mgmt_util', `unknown command: ${command}`)
    session.print(`Command not found: ${command}`)
    return
  }
  if (session.limited && !inLimitedMode.has(command)) {
    session.print(`${command} failed: command is not available in limited commands mode`)
    return
  }
  session.wait(command)
  const fault = session.fault(line)
  const perform = () => run(session, args, fault, line)
  if (fault === undefined || inner.has(fault.do)) perform()
  else playFault(session, { fault, command, perform })
}
