import type { Simulator } from '../simulator/index.ts'
import { channels } from '../simulator/worlds.ts'
import { type News, newsSince, type Told, type Workspace } from './news.ts'
import type { Screen } from './screen.ts'
import { isWaiting, newsLines, type Paper } from './telling.ts'

export interface Feed {
  /** Shows what is new now. */
  catchUp(): void
  stop(): void
}

const EVERY_MS = 25

/** Shows what happens in the workspace as it happens. */
export function startFeed(simulator: Simulator, screen: Screen, paper: Paper): Feed {
  let told: Told = new Map()
  const catchUp = () => {
    const seen = newsSince(told, workspaceOf(simulator))
    told = seen.told
    for (const news of seen.news) {
      // A file keeps everything: there only what came of a step is told.
      if (!screen.canReplace && isStillWaiting(news)) continue
      screen.showAs(nameOf(news), newsLines(news, paper))
    }
  }
  const timer = setInterval(catchUp, EVERY_MS)
  return { catchUp, stop: () => clearInterval(timer) }
}

/** A step that has begun, or whose command id has become known: what came of it follows. */
function isStillWaiting(news: News): boolean {
  if (news.kind === 'changed' && news.message.threadTs !== undefined && news.shown.text.startsWith(news.before.text))
    return true
  return (news.kind === 'posted' || news.kind === 'changed') && isWaiting(news.shown)
}

/** A reply that changes stays in its place; a card's changes are a list. */
function nameOf(news: News): string {
  const isReply = (news.kind === 'posted' || news.kind === 'changed') && news.message.threadTs !== undefined
  return isReply ? news.id : `${news.id}/${news.kind}/${Math.random()}`
}

function workspaceOf({ slack }: Simulator): Workspace {
  return {
    messages: Object.values(channels).flatMap((channel) => slack.messages(channel)),
    whispers: slack.ephemerals().filter((whisper) => !whisper.deleted),
    views: slack.workspace.views,
  }
}
