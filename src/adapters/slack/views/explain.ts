import type { Ancestry } from '../../../domain/ancestry.ts'
import type { AwsProblem } from '../../../domain/aws-problem.ts'
import type { BaseConfigFlaw, MembershipFlaw, Refusal, RefusalFacts, ToolConfigFlaw } from '../../../domain/refusal.ts'
import { WATCHER } from '../../../domain/watch.ts'
import { frozenText } from './frozen-text.ts'
import { approversText, code, count, person, plain, when } from './text.ts'

/** The one sentence (or two) that a person reads when something is refused: the rule, and what to do. Slack markup. */
export function explain({ refused }: Refusal): string {
  switch (refused.code) {
    case 'unknown-cluster':
      return `I know no cluster ${code(refused.name)}. Known: ${refused.aliases.map((alias) => code(alias)).join(', ')}; or give ${code('cluster-…@region')}.`
    case 'same-cluster':
      return `Source and destination are the same cluster (${code(refused.name)}).`
    case 'no-route':
      return `No route leads from ${code(refused.source)} to ${code(refused.destination)}, so this is refused.${
        refused.reverseExists ? ' There is one the other way round: did you swap source and destination?' : ''
      } ${code('/hsm-help')} lists the routes.`
    case 'cluster-not-found':
      return `AWS shows ${refused.roleArn === undefined ? 'my own role' : `the role ${code(refused.roleArn)}`} no cluster ${code(refused.cluster)} in ${refused.region}. Check its id, its Region and its ${code('roleArn')} in the settings.`
    case 'cluster-not-active':
      return `Cluster ${code(refused.cluster)} is ${code(refused.state)}, not ACTIVE. Try again when it is.`
    case 'no-active-hsm':
      return `Cluster ${code(refused.cluster)} has no ACTIVE HSM with an ENI IP.`
    case 'hsm-without-ip':
      return `HSM ${code(refused.hsm)} of ${code(refused.cluster)} is ACTIVE but has no ENI IP (yet). Try again in a few minutes.`
    case 'same-address':
      return `Two HSMs of ${code(refused.source)} and ${code(refused.destination)} have one ENI IP (${code(refused.address)}): from one bastion they cannot be told apart, so this is refused.`
    case 'hsm-not-active':
      return `HSM ${code(refused.hsm)} of ${code(refused.cluster)} is ${code(refused.state)}, and CloudHSM CLI works on every HSM of a cluster at once. Try again when all are ACTIVE.`
    case 'cluster-migrating':
      return `Cluster ${code(refused.cluster)} is ${code(refused.state)}: it is changing its HSM type, takes few writes or none, and may be rolled back for a day. Try again when it is ACTIVE.`
    case 'mixed-hsm-types':
      return `Cluster ${code(refused.cluster)} has HSMs of several types (${refused.types.map((type) => code(type)).join(', ')}): it is between two types. Try again when all are of one.`
    case 'type-direction':
      return `From ${code(refused.source)} (${code(refused.sourceType)}) to ${code(refused.destination)} (${code(refused.destinationType)}) nothing can be copied (AWS: user replicate does not work from hsm2m to hsm1). The other way round it can.`
    case 'not-clones':
      return `The clusters ${code(refused.source)} and ${code(refused.destination)} are no clones, so their HSMs cannot take each other's users and keys: by their backups they have different origins${originOf(refused.ancestry)}. ${code(`/hsm-ips ${refused.source} ${refused.destination}`)} shows both lines.`
    case 'wrong-hsm-type':
      return `Cluster ${code(refused.cluster)} is of type ${code(refused.hsmType)}; engine ${code('cmu')} works only where every HSM of both clusters is ${code('hsm1.medium')}.`
    case 'bastion-not-managed':
      return `Bastion ${code(refused.bastion)} (${code(refused.instanceId)}) is not known to Systems Manager in ${refused.region}. Check its agent and instance role.`
    case 'bastion-not-online':
      return `Bastion ${code(refused.bastion)} (${code(refused.instanceId)}) is not online: Systems Manager says ${code(refused.ping)}.`
    case 'bastion-platform':
      return `Systems Manager says that bastion ${code(refused.bastion)} runs ${refused.platform}; its settings say ${code(`platform: ${refused.expected}`)}.`
    case 'not-watched':
      return 'This route is no longer watched by the settings.'
    case 'not-paused':
      return 'The watch of this route is not stopped (any more).'
    case 'engine-platform':
      return `Bastion ${code(refused.bastion)} runs Windows, where CloudHSM CLI is not used: its configuration cannot be shown to a run's own commands alone there. Name a Linux bastion for this route.`
    case 'document-wrong': {
      const what = refused.problem === 'missing' ? 'is not there' : 'holds something else than these settings make'
      return `The SSM document ${code(refused.document)} for bastion ${code(refused.bastion)} ${what}, so nothing is sent. The operator must put up what ${code(`node dist/main.js document --bastion ${refused.bastion}`)} prints.`
    }
    case 'bastion-cannot':
      return `Bastion ${code(refused.bastion)} could not do it: ${plain(refused.problem)}`
    case 'base-config':
      return `The base config ${code(refused.path)} on bastion ${code(refused.bastion)} ${explainFlaw(refused.problem)}`
    case 'tool-missing':
      return `Bastion ${code(refused.bastion)} has no program ${code(refused.tool)}. ${installText(refused.tool)}`
    case 'tool-version':
      return `Bastion ${code(refused.bastion)} has CloudHSM CLI ${code(refused.found)}; ${refused.needed} or newer is needed (user replicate came with it). Update Client SDK 5 there.`
    case 'tool-config': {
      const { what, next } = explainToolConfig(refused.problem)
      const detail = refused.detail === '' ? '' : `: ${plain(refused.detail, 300)}`
      return `Bastion ${code(refused.bastion)} ${what}${detail}.${next === undefined ? '' : ` ${next}`}`
    }
    case 'destination-busy': {
      const open = refused.link ? `<${refused.link}|${refused.request}>` : code(refused.request)
      return `Request ${open} for ${code(refused.destination)} is still open, and a destination takes one at a time. ${code(`/hsm-requests ${refused.request}`)} shows it.`
    }
    case 'channel-shared':
      return `<#${refused.channel}> is shared with another company. Requests are refused there.`
    case 'channel-unknown':
      return `I could not find out about channel <#${refused.channel}>, so this is refused: ${plain(refused.problem)}.`
    case 'channel-archived':
      return `<#${refused.channel}>, where this route's requests are decided, is archived. Somebody who may manage channels must unarchive it and invite me again, or the operator must give the route another channel.`
    case 'nobody-may-approve': {
      const needed = count(refused.required, 'approval')
      const found =
        refused.found === 0 ? 'nobody besides you who could give one' : `besides you only ${refused.found} who could`
      const dead = refused.deadGroups.map(
        ({ group, problem }) =>
          ` Of user group ${code(group)} I cannot see the members, so whether one of them could is not known: ${plain(problem, 200)}.`,
      )
      const next = dead.length > 0 ? 'Unless that passes, the operator' : 'The operator'
      return `The route ${code(refused.source)} → ${code(refused.destination)} needs ${needed}, and among the full members of this workspace on the route's list I find ${found}.${dead.join('')} ${next} must change its ${code('approval')}, or somebody else must ask.`
    }
    case 'bot-not-in-channel':
      return `I am not in <#${refused.channel}>, where this route's requests are decided. Invite me there, then ask again.`
    case 'aws':
      return explainAws(refused.problem, refused.service, refused.region, refused.detail)
    case 'not-a-member':
      return `This is for full members of this workspace: ${MEMBERSHIP[refused.flaw]}`
    case 'identity-unknown':
      return `Slack did not tell me who may do this, so I refuse it: ${plain(refused.problem, 200)}.`
    case 'not-approver':
      return `You are not on this route's list of approvers: ${approversText(refused)}.`
    case 'self-approval':
      return 'You asked for this yourself: somebody else must decide. You can withdraw it.'
    case 'already-decided':
      return `You decided already (${refused.verdict}, ${when(refused.at)}). One person, one decision.`
    case 'not-requester':
      return refused.requestedBy === WATCHER
        ? `The watch began it; it only compares, and ends by itself. ${code('/hsm-freeze')} calls it off.`
        : `Only who asked can withdraw it: ${person(refused.requestedBy)}. Approvers can reject it.`
    case 'not-operator':
      return notOperatorText(refused)
    case 'frozen-already':
      return `It is on already: ${frozenText(refused.freeze)}.`
    case 'not-frozen':
      return 'Nothing is frozen.'
    case 'not-current-card':
      return `That button is on an old copy of request ${code(refused.request)}. Use the current card: ${code(`/hsm-requests ${refused.request}`)} links to it.`
    case 'route-gone':
      return `The route of request ${code(refused.request)} is no longer in the settings: nobody can decide it.`
    case 'other-digest':
      return `An approval must name the first 12 characters of the digest of request ${code(refused.request)}; ${refused.typed === '' ? 'none were given' : `${code(refused.typed)} is something else`}. ${code(`/hsm-requests ${refused.request}`)} shows what it covers, and the digest.`
    case 'may-not-ask':
      return `On the route ${code(refused.source)} → ${code(refused.destination)} only these may ask: ${approversText(refused)}.`
    case 'ticket-missing':
      return `On the route ${code(refused.source)} → ${code(refused.destination)} the reason must name a ticket: a word of the form ${code(refused.ticket)}.`
    case 'nothing-to-ask':
      return refused.why === 'nothing-missing'
        ? `Comparison ${code(refused.request)} found nothing missing, so there is nothing to ask for.`
        : `What comparison ${code(refused.request)} found is not stored any more. Compare again.`
    case 'too-much-to-ask':
      return `Comparison ${code(refused.request)} found ${refused.found} missing of one kind, and ${refused.most} can be named one by one. Ask for ${code('users=all')} or ${code('keys=all')}, or in parts.`
    case 'no-such-request':
      return `There is no request ${code(refused.text)}. ${code('/hsm-requests')} lists the open ones.`
    case 'unreadable-request':
      return `Request ${code(refused.request)} is stored in a way that this version of me cannot read. The operator must look: the log says what is wrong with it.`
    case 'not-open':
      return `Too late to ${refused.wanted}: request ${code(refused.request)} is ${refused.state}${refused.by && refused.by !== WATCHER ? ` (by ${person(refused.by)})` : ''}.`
    case 'expired':
      return `Request ${code(refused.request)} expired ${when(refused.expiresAt)}. Ask again if it is still needed.`
    default:
      return refused satisfies never
  }
}

function notOperatorText({ wanted, operators }: RefusalFacts & { readonly code: 'not-operator' }): string {
  const isNamed = operators.users.length + operators.userGroups.length > 0
  if (wanted === 'freeze')
    return `Only approvers${isNamed ? ` and operators (${approversText(operators)})` : ''} may freeze everything.`
  return isNamed
    ? `Only operators may lift it: ${approversText(operators)}.`
    : `The settings name no ${code('operators')}: who runs me lifts it with ${code('node dist/main.js unfreeze')}.`
}

const MEMBERSHIP: Readonly<Record<MembershipFlaw, string>> = {
  bot: 'a bot may not.',
  deactivated: 'a deactivated account may not.',
  guest: 'guests may not.',
  stranger: 'people from other companies may not.',
  'other-workspace': 'people from another workspace may not.',
  invited: 'an invitation that is not accepted yet may not.',
  unsaid: 'Slack does not say that you are one.',
}

const COREUTILS =
  'base64 cat cp date head mkdir mkfifo mktemp mv rm sha256sum sort stat stdbuf sync tail timeout touch tr'
const PACKAGES: readonly (readonly [name: string, programs: string])[] = [
  ['the AWS CLI', 'aws'],
  ['`findutils`', 'find'],
  ['`gzip`', 'gzip'],
  ['`grep`', 'grep'],
  ['`util-linux`', 'flock mount unshare'],
  ['`coreutils`', COREUTILS],
]

/** What brings a program that is missing. */
function installText(program: string): string {
  const found = PACKAGES.find(([, programs]) => programs.split(' ').includes(program))
  return found
    ? `Install ${found[0]} there.`
    : "Is the CloudHSM client installed there, or do the bastion's settings name another place?"
}

function explainFlaw(flaw: BaseConfigFlaw): string {
  switch (flaw.flaw) {
    case 'missing':
      return 'does not exist. Is the CloudHSM client installed and configured there?'
    case 'unreadable':
      return 'is not a readable file.'
    case 'too-large':
      return 'is far larger than a CMU configuration: it is not sent.'
    case 'no-server':
      return `has no entry in ${code('servers')} to use as a template.`
    case 'not-json':
      return `is not JSON: ${plain(flaw.detail, 200)}`
    case 'field':
      return `cannot be used: ${code(flaw.field)} must be ${plain(flaw.expected)}.`
    default:
      return flaw satisfies never
  }
}

function explainToolConfig(problem: ToolConfigFlaw): { readonly what: string; readonly next?: string } {
  switch (problem) {
    case 'namespace':
      return { what: 'cannot make a private place for the configuration (a mount namespace)' }
    case 'configure':
      return {
        what: 'could not configure CloudHSM CLI for both clusters',
        next: 'Its role needs cloudhsm:DescribeClusters and a way to the API of each Region, and `cli.config` must be the file that configure-cli writes.',
      }
    case 'other-clusters':
      return { what: 'made a configuration that names other clusters than these' }
    case 'other-hosts':
      return { what: 'made a configuration that names other HSMs than AWS told me', next: 'Try again in a minute.' }
    case 'unreadable':
      return { what: 'made a configuration that I cannot read' }
    case 'folder-missing':
      return { what: 'has no configuration folder for CloudHSM CLI' }
    default:
      return problem satisfies never
  }
}

function originOf({ line }: Ancestry): string {
  const origin = line.length > 1 ? line.at(-1) : undefined
  return origin ? ` (the destination comes from ${code(origin.id)})` : ''
}

function explainAws(problem: AwsProblem, service: string, region: string, detail: string): string {
  switch (problem) {
    case 'access-denied':
      return `AWS refuses me access to ${service} in ${region}. The operator must check the bot's role (${plain(detail)}).`
    case 'throttled':
      return `AWS throttles ${service} in ${region}. Wait a minute and try again.`
    case 'unreachable':
      return `I cannot reach ${service} in ${region} (${plain(detail, 200)}). Is it the right Region, and is there a way to it?`
    case 'failed':
      return `${service} in ${region} failed: ${plain(detail)}`
    default:
      return problem satisfies never
  }
}
