import type { Landscape } from '../../../domain/route.ts'
import { SYNC_USAGE } from '../incoming/grammar.ts'
import { context, type Message, section } from './blocks.ts'
import { approversText, code, duration } from './text.ts'

const SHOWN_ROUTES = 20

/** The commands and the routes. */
export function helpView({ routes }: Landscape, deadGroups: readonly string[]): Message {
  const commands = [
    `${code('/hsm-ips <cluster> [<cluster>]')} – the HSMs of a cluster: ENI IPs, ids, state; of two, side by side, and whether they are clones. Only you see the answer.`,
    `${code(SYNC_USAGE)} – asks to copy what is missing; ${code('/hsm-sync')} alone opens a form. ${code('mode=plan')} only compares. Nothing runs before it is approved in the channel.`,
    `${code('/hsm-requests [open|mine|<id>]')} – what is asked, where it stands, its whole history. ${code('/hsm-requests <id> approve <digest>|reject <reason>|withdraw')} does what the buttons do.`,
    `${code('/hsm-status [<cluster>]')} – how the routes stand: in sync or behind where they are watched, the last run, what is open.`,
    `${code('/hsm-freeze <reason>')} – the brake: nothing starts any more, and runs end between batches. Approvers and operators may; ${code('/hsm-unfreeze')}, for operators, lifts it.`,
    `${code('/hsm-help')} – this text.`,
  ]
  const lines = routes
    .slice(0, SHOWN_ROUTES)
    .map(({ source, destination, channel, required, approvers, requesters, ticket, expiresAfterMs, watch }) => {
      const needed = `${required} of ${approversText(approvers)} within ${duration(expiresAfterMs)}`
      const who = requesters ? `, asked by ${approversText(requesters)}` : ''
      const named = ticket === undefined ? '' : `, with a ticket in the reason (${code(ticket)})`
      const watched = watch ? `, compared by itself every ${duration(watch.everyMs)}` : ''
      return `• ${code(source.alias)} → ${code(destination.alias)} in <#${channel}>${who}${named}, approved by ${needed}${watched}`
    })
  const more = routes.length > SHOWN_ROUTES ? [`… and ${routes.length - SHOWN_ROUTES} more`] : []
  return {
    text: 'What I can do, and between which clusters',
    blocks: [
      section(`*I copy users and keys between cloned CloudHSM clusters, under a second person's eyes.*`),
      section(commands.join('\n')),
      section(
        `*Routes.* Any full member of this workspace may ask unless a route says who may; what is on no route is refused.\n${[...lines, ...more].join('\n')}`,
      ),
      ...(deadGroups.length > 0
        ? [
            section(
              `⚠️ Slack does not show me the members of ${deadGroups.map((group) => `<!subteam^${group}>`).join(', ')}: for now nobody counts as one. The operator should look.`,
            ),
          ]
        : []),
      context(
        `Example: ${code('/hsm-sync prod-us prod-eu users=all keys=none new starters of October')}. The README of this app has the rest: settings, security, what the outcomes mean.`,
      ),
    ],
  }
}
