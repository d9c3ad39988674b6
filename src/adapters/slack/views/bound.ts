import type { Request } from '../../../domain/request.ts'
import { type Block, context, fields, pre, section } from './blocks.ts'
import { lineageText } from './lineage.ts'
import { engineText, HSM_LIMIT, hsmText, loginText, scopeText, wholeText } from './spec-text.ts'
import { code } from './text.ts'

/**
 * What an approval binds besides the configuration: clusters, tool, logins, scope, each HSM; and whether the clusters
 * are clones.
 */
export function boundBlocks({ spec, lineage }: Pick<Request, 'spec' | 'lineage'>): Block[] {
  return [
    fields([
      `*Source*\n${code(spec.source.alias)} · ${spec.source.region}\n${code(spec.source.clusterId)}`,
      `*Destination*\n${code(spec.destination.alias)} · ${spec.destination.region}\n${code(spec.destination.clusterId)}`,
      `*Engine and bastion*\n${engineText(spec)}`,
      `*Runs as*\n${loginText(spec)}`,
      `*Users*\n${scopeText(spec, 'users')}`,
      `*Keys*\n${scopeText(spec, 'keys')}`,
    ]),
    pre(hsmText(spec), HSM_LIMIT),
    ...(wholeText(spec) === undefined
      ? []
      : [context('More than fits here: the whole of it is in a file in the thread.')]),
    ...(lineage
      ? [section(lineageText(lineage, { source: spec.source.alias, destination: spec.destination.alias }))]
      : []),
  ]
}
