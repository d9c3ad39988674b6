import { type FormEvent, type KeyboardEvent, type ReactNode, useId, useState } from 'react'
import type { ShownChannel } from '../seen.ts'
import { usePlay } from './play.ts'

/** Where a slash command is typed, with those that begin so and how they go on. */
export function Composer({ channel }: { readonly channel: ShownChannel }): ReactNode {
  const { seen, act } = usePlay()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const id = useId()
  const isNaming = text.startsWith('/') && !text.includes(' ')
  const fitting = isNaming ? seen.commands.filter(({ command }) => command.startsWith(text)) : []
  const known = seen.commands.find(({ command }) => text.startsWith(`${command} `))
  const at = Math.min(chosen, Math.max(0, fitting.length - 1))
  const take = (command: string) => {
    setText(`${command} `)
    setChosen(0)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() === '') return
    setText('')
    void act({ kind: 'type', channel: channel.id, text })
  }
  const onKey = (event: KeyboardEvent) => {
    const isWhole = fitting.some(({ command }) => command === text)
    if (fitting.length === 0) return
    if (event.key === 'ArrowDown') setChosen((at + 1) % fitting.length)
    else if (event.key === 'ArrowUp') setChosen((at + fitting.length - 1) % fitting.length)
    else if (event.key === 'Tab' || (event.key === 'Enter' && !isWhole)) take(fitting[at]?.command ?? text)
    else return
    event.preventDefault()
  }
  return (
    <form className="composer" onSubmit={submit}>
      {fitting.length > 0 && (
        <div id={`${id}-list`} className="commands" role="listbox" aria-label="Slash commands">
          {fitting.map(({ command, hint, description }, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input above takes the keys (combobox pattern)
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input (combobox pattern)
            <div
              key={command}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              onClick={() => take(command)}
            >
              <strong>{command}</strong> <span className="hint">{hint}</span>
              <br />
              <span className="quiet">{description}</span>
            </div>
          ))}
        </div>
      )}
      {known && (
        <p className="hint" id={`${id}-hint`}>
          <strong>{known.command}</strong> {known.hint}
        </p>
      )}
      <input
        type="text"
        role="combobox"
        aria-label={`Message to ${channel.name}`}
        aria-expanded={fitting.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={fitting.length > 0 ? `${id}-${at}` : undefined}
        aria-describedby={known ? `${id}-hint` : undefined}
        autoComplete="off"
        placeholder={`Type / in ${channel.isDirect ? '' : '#'}${channel.name}`}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setChosen(0)
        }}
        onKeyDown={onKey}
      />
      <button type="submit" className="slack-button primary">
        Send
      </button>
    </form>
  )
}
