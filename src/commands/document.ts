import { parseArgs } from 'node:util'
import type { Landscape } from '../domain/route.ts'
import { lockedDocument } from '../engines/locked-document.ts'

const USAGE = `usage: node dist/main.js document [--bastion <name>]
It reads config.yml (or what BOT_CONFIG names) and prints the SSM document that locks what the bot can run there. Put it up with
  aws ssm create-document --document-type Command --document-format JSON --name <name> --content file://<what this printed>
and name it in the bastion's settings (document: <name>).`

/** `document`: the locked SSM document of one bastion. Answers the exit code: 2 for wrong words. */
export function documentCommand(
  words: readonly string[],
  landscape: () => Pick<Landscape, 'routes'>,
  print: (line: string) => void,
): number {
  const parsed = parse(words)
  if (typeof parsed === 'string') {
    print(`${parsed}\n${USAGE}`)
    return 2
  }
  const { routes } = landscape()
  const bastions = [...new Map(routes.map(({ bastion }) => [bastion.name, bastion])).values()]
  const [only] = bastions
  const wanted = parsed.bastion ?? (bastions.length === 1 ? only?.name : undefined)
  const bastion = bastions.find(({ name }) => name === wanted)
  if (!bastion) {
    print(`--bastion: expected one of ${bastions.map(({ name }) => name).join(', ')}\n${USAGE}`)
    return 2
  }
  print(lockedDocument(bastion, routes))
  return 0
}

function parse(words: readonly string[]): { readonly bastion?: string | undefined } | string {
  try {
    return parseArgs({ args: [...words], options: { bastion: { type: 'string' } } }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
