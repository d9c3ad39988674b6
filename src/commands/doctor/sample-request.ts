import type { Instant } from '../../domain/brand.ts'
import { sha256 } from '../../domain/digest.ts'
import { asHsmId, parseRequestId } from '../../domain/ids.ts'
import type { Request } from '../../domain/request.ts'
import type { Route } from '../../domain/route.ts'

const HOUR_MS = 3_600_000

/** A request as one could be filed on this route, so that Slack can say whether it would take its card. */
export function sampleRequest(route: Route, now: Instant): Request {
  const { source, destination, bastion, approvers, required } = route
  const id = parseRequestId('SAMP1E')
  if (!id) throw new Error('made a request id that is none')
  const config = JSON.stringify({ servers: [{ hostname: '10.0.1.7' }] }, null, 2)
  const sample = sha256('a sample')
  return {
    state: 'pending',
    id,
    requestedBy: 'U0SAMPLE00',
    requestedAt: now,
    expiresAt: now + 8 * HOUR_MS,
    reason: 'a sample, never posted',
    channel: route.channel,
    rule: { ...approvers, required },
    digest: sample,
    decisions: [],
    spec: {
      version: 3,
      engine: 'cmu',
      mode: 'sync',
      scope: { users: { kind: 'all' }, keys: { kind: 'all' } },
      source: { ...source, hsm: { hsmId: asHsmId('hsm-2sampleaaaa1'), ip: '10.0.1.7' } },
      destination: { ...destination, hsms: [{ hsmId: asHsmId('hsm-2sampleaaaa2'), ip: '10.0.2.7' }], leftOut: [] },
      bastion: {
        name: bastion.name,
        instanceId: bastion.instanceId,
        region: bastion.region,
        stateDir: bastion.stateDir,
        workDir: bastion.workDir,
        credentials: bastion.credentials,
        binary: bastion.cmu.binary,
        configPath: bastion.cmu.config,
      },
      baseConfig: config,
      mergedConfig: config.replace('10.0.1.7', '10.0.2.7'),
      scriptDigest: sample,
    },
  }
}
