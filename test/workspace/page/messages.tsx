import { type ReactNode, useEffect, useRef } from 'react'
import type { Block, ShownChannel, ShownFile, ShownMessage } from '../seen.ts'
import { Blocks, ReadBlocks } from './blocks.tsx'
import { usePlay } from './play.ts'

interface MessagesShown {
  readonly channel: ShownChannel
  readonly messages: readonly ShownMessage[]
  readonly label: string
  readonly openThread?: (ts: string) => void
}

/** Messages, oldest first; a new one is scrolled to. */
export function Messages({ channel, messages, label, openThread }: MessagesShown): ReactNode {
  const list = useRef<HTMLDivElement>(null)
  const newest = messages.at(-1)?.ts
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new message is the reason to scroll
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight })
  }, [newest, channel.id])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable (axe: scrollable-region-focusable)
    <div ref={list} className="messages" role="log" aria-label={label} tabIndex={0}>
      {messages.length === 0 && <p className="quiet">Nothing here yet.</p>}
      {messages.map((message) => (
        <OneMessage key={message.ts} channel={channel} message={message} openThread={openThread} />
      ))}
    </div>
  )
}

interface MessageShown {
  readonly channel: ShownChannel
  readonly message: ShownMessage
  readonly openThread: ((ts: string) => void) | undefined
}

function OneMessage({ channel, message, openThread }: MessageShown): ReactNode {
  const { act } = usePlay()
  const { ts, text, blocks, files, isEdited, isPrivate, thread } = message
  const press = (action: string) => act({ kind: 'click', channel: channel.id, ts, action })
  const time = new Date(Number(ts.split('.')[0]) * 1000)
  return (
    <article className={isPrivate ? 'message private' : 'message'} data-ts={ts}>
      <span className="logo" aria-hidden="true">
        HS
      </span>
      <div className="said">
        <p className="author">
          <strong>hsm-sync</strong> <span className="app">APP</span>{' '}
          <time dateTime={time.toISOString()}>
            {time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })}
          </time>
          {isEdited && <span className="quiet"> (edited)</span>}
          {isPrivate && <span className="quiet"> · Only visible to you</span>}
        </p>
        {files.length > 0 ? (
          files.map((file) => <Attached key={file.id} file={file} />)
        ) : (
          <Blocks blocks={blocks.length > 0 ? blocks : [asSection(text)]} press={press} />
        )}
        {openThread && thread.length > 0 && (
          <button type="button" className="replies" onClick={() => openThread(ts)}>
            {thread.length} {thread.length === 1 ? 'reply' : 'replies'}
          </button>
        )}
      </div>
    </article>
  )
}

function asSection(text: string): Block {
  return { type: 'section', text: { type: 'mrkdwn', text } }
}

function Attached({ file }: { readonly file: ShownFile }): ReactNode {
  return (
    <details className="file">
      <summary>
        <strong>{file.name}</strong> {file.title}
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable (axe: scrollable-region-focusable) */}
      <pre tabIndex={0}>{file.content}</pre>
    </details>
  )
}

export function Home(): ReactNode {
  const { seen } = usePlay()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable (axe: scrollable-region-focusable)
    <section className="messages" aria-label="Home" tabIndex={0}>
      {seen.home ? <ReadBlocks blocks={seen.home} /> : <p className="quiet">One moment…</p>}
    </section>
  )
}
