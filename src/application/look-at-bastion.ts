import { PLATFORMS } from '../domain/platform.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Bastion } from '../domain/route.ts'
import type { BastionFacts } from '../domain/spec.ts'
import { isDocument, lockedDocument } from '../engines/locked-document.ts'
import type { Deps, Presence } from './ports.ts'

/** The locked document that the settings name, if they do; refused unless it holds exactly what they make. */
export async function documentOf(
  { bastions, landscape }: Pick<Deps, 'bastions' | 'landscape'>,
  bastion: Bastion,
): Promise<BastionFacts['document'] | Refusal> {
  const { name, document } = bastion
  if (document === undefined) return undefined
  const found = await bastions.document({ name, instanceId: bastion.instanceId, region: bastion.region }, document)
  if (found === undefined) return refuse({ code: 'document-wrong', bastion: name, document, problem: 'missing' })
  if (isRefusal(found)) return found
  if (!isDocument(found.content, lockedDocument(bastion, landscape.routes)))
    return refuse({ code: 'document-wrong', bastion: name, document, problem: 'differs' })
  return { name: document, hash: found.hash }
}

/** The bastion as Systems Manager knows it; refused unless it is there and takes commands. */
export async function presenceOf(deps: Pick<Deps, 'bastions'>, bastion: Bastion): Promise<Presence | Refusal> {
  const { name, instanceId, region, platform } = bastion
  const presence = await deps.bastions.presence({ name, instanceId, region })
  if (presence === undefined) return refuse({ code: 'bastion-not-managed', bastion: name, instanceId, region })
  if (isRefusal(presence)) return presence
  if (presence.platform !== PLATFORMS[platform].type)
    return refuse({ code: 'bastion-platform', bastion: name, platform: presence.platform, expected: platform })
  if (presence.ping !== 'Online')
    return refuse({ code: 'bastion-not-online', bastion: name, instanceId, ping: presence.ping })
  return presence
}
