import { self } from '../shared/process.mjs'

/** Plays the faults that are the same for every command; `perform` does what the command would have done. */
export function playFault(session, { fault, command, perform }) {
  const { terminal } = session
  if (fault.do === 'delay') {
    self().sleep(fault.ms ?? 1000)
    perform()
  }
  if (fault.do === 'hang') {
    if (fault.after) terminal.capture(perform)
    self().hang()
  }
  if (fault.do === 'kill') {
    if (fault.after) terminal.capture(perform)
    self().die()
  }
  if (fault.do === 'cut') {
    const text = terminal.capture(perform)
    terminal.write(text.slice(0, Math.floor(text.length / 2)))
    self().exit(session.dialect.exitCode)
  }
  if (fault.do === 'fail') terminal.print(`${command} failed: ${fault.text ?? 'HSM Error: RET_MXN_AUTH_FAILED'}`)
  if (fault.do === 'lie') for (const server of session.targets().slice(0, 1)) printSuccess(session, command, server)
  if (fault.do === 'question') askQuestion(session, { fault, command, perform })
}

function printSuccess(session, command, server) {
  const mask = session.dialect.maskLines ? ['ExtractMaskedObject: 0x0 !', 'InsertMaskedObject: 0x0 !'] : []
  if (command === 'syncUser') session.print(...mask, 'syncUser success')
  else if (command === 'syncKey') session.print('syncKey success')
  else session.print(`${command} success${session.on(server)}`)
}

function askQuestion(session, { fault, command, perform }) {
  if (fault.ask === 'y/n') {
    session.print('*************************CAUTION********************************')
    return answered(session, 'Do you want to continue(y/n)?', { y: perform, n: () => {} })
  }
  session.print(`${command} failed: RET_MXN_AUTH_FAILED`)
  const [server] = session.targets()
  if (server !== undefined) session.print(`${command} on server ${server.number}(${server.name}) failed`)
  if (fault.ask === 'R/B/I') {
    return answered(session, 'Retry/rollBack/Ignore?(R/B/I):', { R: perform, B: () => {}, I: () => {} })
  }
  return answered(session, 'Retry/Ignore/Abort?(R/I/A):', { R: perform, I: () => {}, A: () => {} })
}

// The next line of input is taken as the answer, whatever it was meant to be: that is why a question is dangerous.
function answered(session, question, answers) {
  for (;;) {
    const line = session.terminal.ask(`${question} `)
    if (line === undefined) self().exit(session.dialect.exitCode)
    session.log(line)
    const answer = answers[line.trim()]
    if (answer !== undefined) return answer()
    session.print(`Invalid option, please type ${Object.keys(answers).join(' or ')}`)
  }
}
