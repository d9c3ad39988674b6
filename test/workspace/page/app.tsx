import { type ReactNode, useEffect, useMemo, useState } from 'react'
import type { Deed, Seen, ShownMessage } from '../seen.ts'
import { Composer } from './composer.tsx'
import { Home, Messages } from './messages.tsx'
import { PlayContext, send, useSeen } from './play.ts'
import { Window } from './window.tsx'
import { World } from './world.tsx'

const FIRST_PERSON = 'U0REQUEST1'
const FIRST_CHANNEL = 'C0123456789'

interface View {
  /** A channel's id, or `home`. */
  readonly at: string
  readonly thread?: string
}

export function App(): ReactNode {
  const [as, setAs] = useState(FIRST_PERSON)
  const [view, setView] = useState<View>({ at: FIRST_CHANNEL })
  const [problem, setProblem] = useState<string>()
  const seen = useSeen(as)
  const play = useMemo(() => {
    const act = async (deed: Deed) => {
      setProblem(undefined)
      await send(as, deed).catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
    }
    const follow = (link: string) => {
      const found = seen && cardBehind(link, seen)
      if (found) setView(found)
    }
    return seen && { seen, act, follow }
  }, [as, seen])
  useEffect(() => {
    if (view.at === 'home') void send(as, { kind: 'home' }).catch(() => undefined)
  }, [as, view.at])
  if (!play || seen?.person.id !== as) return <p className="quiet">One moment…</p>
  const channel = seen.channels.find(({ id }) => id === view.at)
  const root = channel?.messages.find(({ ts }) => ts === view.thread)
  return (
    <PlayContext value={play}>
      <div className={root ? 'page threaded' : 'page'}>
        <Sidebar as={as} setAs={setAs} view={view} setView={setView} seen={seen} act={play.act} />
        <main>
          <h1>{channel ? `${channel.isDirect ? '' : '#'}${channel.name}` : 'Home of hsm-sync'}</h1>
          {problem !== undefined && (
            <p className="problem" role="alert">
              {problem}
            </p>
          )}
          {channel ? (
            <>
              <Messages
                channel={channel}
                messages={channel.messages}
                label={`Messages in ${channel.name}`}
                openThread={(thread) => setView({ ...view, thread })}
              />
              <Composer channel={channel} />
            </>
          ) : (
            <Home />
          )}
        </main>
        {channel && root && (
          <section className="thread" aria-label="Thread">
            <h2>
              Thread{' '}
              <button type="button" className="slack-button" onClick={() => setView({ at: view.at })}>
                Close
              </button>
            </h2>
            <Messages channel={channel} messages={[root, ...root.thread]} label="Messages of the thread" />
          </section>
        )}
        <World />
      </div>
      {seen.view && <Window key={seen.view.id} view={seen.view} />}
    </PlayContext>
  )
}

interface SidebarShown {
  readonly as: string
  readonly setAs: (id: string) => void
  readonly view: View
  readonly setView: (view: View) => void
  readonly seen: Seen
  readonly act: (deed: Deed) => Promise<void>
}

function Sidebar({ as, setAs, view, setView, seen, act }: SidebarShown): ReactNode {
  const entry = (id: string, label: string) => (
    <li key={id}>
      <button type="button" aria-current={view.at === id ? 'page' : undefined} onClick={() => setView({ at: id })}>
        {label}
      </button>
    </li>
  )
  return (
    <nav className="sidebar" aria-label="Workspace">
      <h2>Example Team</h2>
      <label htmlFor="person">You are</label>
      <select id="person" value={as} onChange={(event) => setAs(event.target.value)}>
        {seen.people.map(({ id, name, part }) => (
          <option key={id} value={id}>
            {name} ({part})
          </option>
        ))}
      </select>
      <ul>
        {entry('home', 'hsm-sync: Home')}
        {seen.channels.map(({ id, name, isDirect }) => entry(id, isDirect ? `${name}: messages` : `# ${name}`))}
      </ul>
      {seen.shortcuts.map(({ name, callbackId }) => (
        <button
          key={callbackId}
          type="button"
          className="shortcut"
          onClick={() => void act({ kind: 'shortcut', callbackId })}
        >
          ⚡ {name}
        </button>
      ))}
      <p className="note">A simulation on this machine: no Slack, no AWS, no HSM.</p>
    </nav>
  )
}

/** Where a link of Slack leads, `…/archives/<channel>/p<ts>`. */
function cardBehind(link: string, seen: Seen): View | undefined {
  const [, id, digits] = /\/archives\/([A-Z0-9]+)\/p(\d+)/.exec(link) ?? []
  const isIt = ({ ts }: ShownMessage) => ts.replace('.', '') === digits
  const found = seen.channels.find((channel) => channel.id === id)?.messages.find(isIt)
  return id !== undefined && found ? { at: id, thread: found.ts } : undefined
}
