import { isFinished, type Request } from '../../../domain/request.ts'
import { type Message, section } from './blocks.ts'
import { resultView } from './result.ts'
import { STATE_FACES } from './states.ts'
import { code } from './text.ts'

const WHY: Readonly<Record<'channel-archived' | 'channel-shared' | 'bot-not-in-channel', string>> = {
  'channel-archived': 'it is archived. Somebody who may manage channels must unarchive it and invite me again',
  'channel-shared':
    'another company can read there now, so I write nothing into it, and nobody can approve while that is so',
  'bot-not-in-channel': 'I am not in it any more, or it is gone. Somebody must invite me again',
}

/**
 * What somebody is told directly while a request's channel takes nothing. It stands for the moment in which it is sent.
 */
export function noticeView(request: Request, obstacle: keyof typeof WHY): Message {
  const { id, channel, spec, state } = request
  const face = STATE_FACES[state]
  const subject = `${spec.mode} ${code(spec.source.alias)} → ${code(spec.destination.alias)}, request ${code(id)}`
  const decide = state === 'pending' ? ' and says how to decide it by a command' : ''
  const lines = [
    `${face.icon} *${face.title}:* ${subject}.`,
    `I cannot tell it in <#${channel}>: ${WHY[obstacle]}. Once I can write there again, its thread gets everything.`,
    `${code(`/hsm-requests ${id}`)} shows where it stands${decide}.`,
  ]
  const result = isFinished(request) ? resultView(request).blocks : []
  return { text: `${face.icon} ${face.title}: request ${id}`, blocks: [section(lines.join('\n')), ...result] }
}
