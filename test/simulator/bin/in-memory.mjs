// The tools, played in this process instead of in one of their own each: the same code, a line at a time. For tests in
// which no process, pipe or signal is the matter.

import { maskPasswords } from './cli/commands.mjs'
import { open as openCliSession, promptOf, runWords, take as takeCli } from './cli/interactive.mjs'
import { createSession as createCli } from './cli/session.mjs'
import { wordsOf } from './cli/words.mjs'
import { take as takeCmu } from './cmu/commands.mjs'
import { readServers } from './cmu/configuration.mjs'
import { connect } from './cmu/connect.mjs'
import { createSession as createCmu } from './cmu/session.mjs'
import { run } from './configure/run.mjs'
import { versionOf } from './shared/client-sdk5.mjs'
import { playAs } from './shared/process.mjs'
import { openState } from './shared/state-file.mjs'
import { createTerminal } from './shared/terminal.mjs'

/** It waits for a line that nobody has typed yet. */
class Waits extends Error {}

/** Its process is gone, or says nothing any more. */
class Left extends Error {
  constructor(end) {
    super(end)
    this.end = end
  }
}

/**
 * The process of one tool. `play(work)` answers {text, end, ms}: what it said, how that ends, and how long it would
 * have taken.
 */
function createProcess(variables) {
  let said = ''
  let ms = 0
  let atPrompt = false
  const typed = []
  const leave = () => {
    throw new Left('gone')
  }
  const process = {
    variables,
    sleep(wait) {
      ms += wait
    },
    isTerminal: () => false,
    exit: leave,
    die: leave,
    hang() {
      throw new Left('silent')
    },
    read(buffer) {
      const line = typed.shift()
      if (line === undefined) throw new Waits()
      return buffer.write(`${line}\n`)
    },
    write(text) {
      said += text
    },
    complain(text) {
      said += text
    },
  }
  return {
    type: (line) => typed.push(line),
    prompts(ask) {
      atPrompt = true
      ask()
    },
    play(work) {
      said = ''
      ms = 0
      atPrompt = false
      let end = 'done'
      try {
        playAs(process, work)
      } catch (error) {
        if (error instanceof Waits) end = atPrompt ? 'prompt' : 'question'
        else if (error instanceof Left) end = error.end
        else throw error
      }
      return { text: said, end, ms }
    },
  }
}

/** cloudhsm_mgmt_util with the configuration file at `config`: {start, say, close}. */
export function openCmu(variables, config) {
  const state = openState(variables.SIM_STATE)
  const { dialect } = state.read()
  const terminal = createTerminal(dialect)
  const process = createProcess(variables)
  let session
  const prompt = () => process.prompts(() => terminal.ask(session.prompt()))
  return {
    start: () =>
      process.play(() => {
        const servers = readServers([config])
        if (typeof servers === 'string') {
          terminal.print(servers)
          throw new Left('gone')
        }
        session = createCmu({ state, dialect, terminal })
        connect(session, servers)
        prompt()
      }),
    say: (line) =>
      process.play(() => {
        if (dialect.echo) terminal.write(`${line}\n`)
        takeCmu(session, line)
        prompt()
      }),
    /** `quits`: it is told to; otherwise it is ended. Answers the last that it says. */
    close(quits) {
      const last = quits && session ? process.play(() => takeCmu(session, 'quit')).text : ''
      state.close()
      return last
    },
  }
}

/** cloudhsm-cli in its interactive mode; `words` are its command line. */
export function openCli(variables, words) {
  const state = openState(variables.SIM_STATE)
  const process = createProcess(variables)
  let session
  let asked
  const prompt = () => process.prompts(() => session.terminal.ask(promptOf(session)))
  return {
    start: () =>
      process.play(() => {
        session = createCli(state)
        session.log.line(maskPasswords(words))
        session.wait('cli start')
        const answer = openCliSession(session, words)
        session.terminal.write(answer.text)
        if (!answer.ok) throw new Left('gone')
        prompt()
      }),
    say(line) {
      // A command that asked for a password has done nothing yet: it is played again, and finds its answer typed.
      const before = asked
      asked = undefined
      if (before) process.type(line)
      const said = process.play(() => {
        if (before) runWords(session, wordsOf(before.line))
        else takeCli(session, line)
        prompt()
      })
      if (said.end === 'question') asked = { line, text: said.text }
      return before ? { ...said, text: said.text.slice(before.text.length) } : said
    },
    close(quits) {
      const last = quits && session ? process.play(() => takeCli(session, 'quit')).text : ''
      if (quits) session?.log.end()
      state.close()
      return last
    },
  }
}

/** One call of configure-cli: {text, end, ms, exit}. */
export function runConfigure(variables, words) {
  const state = openState(variables.SIM_STATE)
  let exit = 1
  const said = createProcess(variables).play(() => {
    exit = run(state, words)
  })
  state.close()
  return { ...said, exit }
}

/** What `cloudhsm-cli --version` says. */
export function cliVersion(variables) {
  const state = openState(variables.SIM_STATE)
  let version = ''
  playAs({ variables }, () => {
    version = versionOf(state.read())
  })
  state.close()
  return `cloudhsm-cli ${version}`
}
