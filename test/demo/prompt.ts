import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { addUserWithKey } from '../harness/world-changes.ts'
import { channels } from '../simulator/worlds.ts'
import { cast, sides } from './cast.ts'
import { buttonOf, click, reject, type Theatre, type } from './deeds.ts'
import { behind, wrapped } from './layout.ts'
import { PROMPT_HELP, parseWish, type Wish } from './prompt-words.ts'
import { type Line, line, span } from './span.ts'
import { threadLine } from './telling.ts'
import { worldLines } from './world-table.ts'

/** Takes commands from stdin until `quit`, the end of the input or the signal. */
export async function runPrompt(theatre: Theatre, input: NodeJS.ReadStream, signal: AbortSignal): Promise<void> {
  const { screen, stage } = theatre
  const before = stage.simulator.world.read()
  const lines = createInterface({
    input,
    ...(input.isTTY ? { output: process.stdout, terminal: true } : {}),
    prompt: 'demo> ',
    signal,
  })
  screen.show([line(''), ...helpLines(screen.width)])
  if (input.isTTY) {
    screen.around(
      () => process.stdout.write('\r\u001b[2K'),
      () => lines.prompt(true),
    )
    lines.prompt()
  }
  // Readline takes Ctrl-C away from the process while it reads.
  lines.on('SIGINT', () => lines.close())
  const done = once(lines, 'close')
  let last = Promise.resolve()
  lines.on('line', (text) => {
    last = last.then(async () => {
      if (signal.aborted) return
      const wish = parseWish(text)
      if (wish.kind === 'quit') return lines.close()
      await fulfil(theatre, wish, before).catch((error: unknown) =>
        screen.show([line(span(`  ${error instanceof Error ? error.message : String(error)}`, 'bad'))]),
      )
      if (input.isTTY) lines.prompt()
    })
  })
  await done
  await last
  screen.around(
    () => {},
    () => {},
  )
}

async function fulfil(theatre: Theatre, wish: Wish, before: WorldNow): Promise<void> {
  const { screen, paper } = theatre
  switch (wish.kind) {
    case 'nothing':
    case 'quit':
      return
    case 'help':
      return screen.show(helpLines(screen.width))
    case 'wrong':
      return screen.show([line(span(`  ${wish.problem}`, 'bad'), span('  (help lists what there is)', 'dim'))])
    case 'threads': {
      const cards = theatre.stage.simulator.slack.messages(channels.route)
      return screen.show(cards.map((card): Line => [span('  '), ...threadLine(card, paper)]))
    }
    case 'world':
      return screen.show(worldLines(theatre.stage.simulator.world.read(), before, sides, screen.width))
    case 'add-user':
      return addUser(theatre, wish.name)
    case 'command':
      return type(theatre, cast[wish.role], wish.command, wish.text)
    case 'click':
      return click(theatre, cast[wish.role], target(theatre, cast[wish.role], wish.action, wish.request), wish.action)
    case 'reject': {
      const card = theatre.stage.simulator.slack.messages(channels.route).findLast((one) => buttonOf(one, 'reject'))
      if (!card) throw new Error('no card can be rejected now')
      return reject(theatre, cast[wish.role], card, wish.reason)
    }
    default:
      return wish satisfies never
  }
}

type WorldNow = ReturnType<Theatre['stage']['simulator']['world']['read']>

/** The newest thing with this button that the person sees. */
function target({ stage }: Theatre, user: string, action: string, request: string | undefined) {
  const { slack } = stage.simulator
  const cards = slack
    .messages(channels.route)
    .filter((card) => request === undefined || card.text.includes(`(${request})`))
  const found =
    cards.findLast((card) => buttonOf(card, action)) ?? slack.ephemerals(user).findLast((one) => buttonOf(one, action))
  if (!found) throw new Error(`nothing has that button now${request === undefined ? '' : ` for ${request}`}`)
  return found
}

function addUser({ stage, screen }: Theatre, name: string): void {
  const handle = addUserWithKey(stage.simulator.world, name)
  screen.show([line(`  ${name} is on prod-us now, with key ${handle}.`)])
}

function helpLines(screenWidth: number): Line[] {
  const width = Math.max(...PROMPT_HELP.map(([example]) => example.length)) + 3
  return PROMPT_HELP.flatMap(([example, meaning]) =>
    behind(
      span(' '.repeat(width + 2)),
      wrapped([span(meaning, 'dim')], screenWidth - width - 2),
      span(`  ${example.padEnd(width)}`, 'asking'),
    ),
  )
}
