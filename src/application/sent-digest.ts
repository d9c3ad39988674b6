import { canonicalJson, sha256 } from '../domain/digest.ts'
import type { Digest } from '../domain/ids.ts'
import type { ScriptCall } from '../engines/engine.ts'
import { documentParameters } from '../engines/locked-document.ts'
import type { Instance } from './ports.ts'

/** SHA-256 of what a command is sent with: the script with its data, or a document's parameters. */
export function sentDigest({ document }: Pick<Instance, 'document'>, call: ScriptCall): Digest {
  return sha256(document ? canonicalJson(documentParameters(call)) : call.lines.join('\n'))
}
