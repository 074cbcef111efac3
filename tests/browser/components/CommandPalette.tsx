import { useEffect, useMemo, useRef, useState } from "react"
import { Search, Home, Settings, Users, FileText, Moon, LogOut } from "lucide-react"

interface Command {
  id: string
  label: string
  group: "Go to" | "Actions"
  shortcut?: string[]
  icon: React.ComponentType<{ className?: string }>
}

const commands: Command[] = [
  { id: "home", label: "Home", group: "Go to", shortcut: ["G", "H"], icon: Home },
  { id: "people", label: "People", group: "Go to", shortcut: ["G", "P"], icon: Users },
  { id: "docs", label: "Documents", group: "Go to", icon: FileText },
  { id: "settings", label: "Open settings", group: "Actions", shortcut: ["⌘", ","], icon: Settings },
  { id: "dark", label: "Toggle dark mode", group: "Actions", icon: Moon },
  { id: "logout", label: "Log out", group: "Actions", shortcut: ["⇧", "⌘", "Q"], icon: LogOut },
]

// "ogs" matches "Open settings": every letter in order, anywhere.
function fuzzy(query: string, text: string): boolean {
  let at = 0
  for (const letter of query.toLowerCase()) {
    at = text.toLowerCase().indexOf(letter, at) + 1
    if (at === 0) return false
  }
  return true
}

function groupBy<T, K extends string>(items: T[], key: (item: T) => K): Partial<Record<K, T[]>> {
  return items.reduce<Partial<Record<K, T[]>>>((groups, item) => {
    ;(groups[key(item)] ??= []).push(item)
    return groups
  }, {})
}

export default function CommandPalette() {
  const [query, setQuery] = useState("")
  const [active, setActive] = useState(0)
  const input = useRef<HTMLInputElement>(null)

  useEffect(() => {
    input.current?.focus()
  }, [])

  const found = useMemo(() => commands.filter((c) => fuzzy(query, c.label)), [query])
  const groups = groupBy(found, (c) => c.group)

  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      setActive((i) => (i + step + found.length) % Math.max(found.length, 1))
    } else if (event.key === "Escape") {
      setQuery("")
    }
  }

  return (
    <div className="bg-black/40 p-12">
      <div className="mx-auto max-w-lg overflow-hidden rounded-xl bg-white shadow-2xl ring-1 ring-black/5" onKeyDown={onKeyDown}>
        <div className="flex items-center gap-3 border-b px-4">
          <Search className="h-4 w-4 text-gray-400" />
          <input
            ref={input}
            value={query}
            onChange={(e) => {
              setQuery(e.target.value)
              setActive(0)
            }}
            placeholder="Type a command or search…"
            className="h-12 flex-1 text-sm outline-none"
          />
          <kbd className="text-xs text-gray-400">esc</kbd>
        </div>
        <div className="max-h-80 overflow-y-auto p-2">
          {found.length === 0 && <p className="py-8 text-center text-sm text-gray-500">No results for “{query}”</p>}
          {Object.entries(groups).map(([name, items]) => (
            <div key={name}>
              <div className="px-2 py-1.5 text-xs font-medium text-gray-500">{name}</div>
              {items?.map((command) => {
                const Icon = command.icon
                const selected = found[active] === command
                return (
                  <div key={command.id} aria-selected={selected} className={`flex items-center gap-3 rounded-md px-2 py-2 text-sm ${selected ? "bg-gray-100" : ""}`}>
                    <Icon className="h-4 w-4 text-gray-500" />
                    {command.label}
                    <span className="ml-auto flex gap-1">
                      {command.shortcut?.map((key) => <kbd key={key} className="rounded bg-gray-200 px-1.5 text-xs">{key}</kbd>)}
                    </span>
                  </div>
                )
              })}
            </div>
          ))}
        </div>
      </div>
    </div>
  )
}
