import { useCallback, useEffect, useState } from "react"
import { formatDistance } from "date-fns"
import { Bell, MessageSquare, UserPlus, GitMerge } from "lucide-react"
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover"
import { ScrollArea } from "@/components/ui/scroll-area"

interface Base {
  id: number
  at: string
  read?: boolean
}

type Notification =
  | (Base & { type: "comment"; author: string; excerpt: string })
  | (Base & { type: "follow"; author: string })
  | (Base & { type: "merge"; branch: string; by: string })

const initial: Notification[] = [
  { id: 3, type: "comment", at: "2 minutes ago", author: "Ravi", excerpt: "Shouldn't this be `>=` instead of `>`?" },
  { id: 2, type: "merge", at: "an hour ago", branch: "fix/off-by-one", by: "you" },
  { id: 1, type: "follow", at: "yesterday", author: "Ulla", read: true },
]

function Line({ n }: { n: Notification }) {
  if (n.type === "comment")
    return (
      <>
        <b>{n.author}</b> commented: <q>{n.excerpt}</q>
      </>
    )
  if (n.type === "merge")
    return (
      <>
        <code className="rounded bg-gray-100 px-1">{n.branch}</code> was merged by {n.by}
      </>
    )
  return (
    <>
      <b>{n.author}</b> follows you now
    </>
  )
}

const icons = {
  comment: <MessageSquare className="h-4 w-4 text-blue-600" />,
  follow: <UserPlus className="h-4 w-4 text-green-600" />,
  merge: <GitMerge className="h-4 w-4 text-purple-600" />,
}

export default function NotificationBell() {
  const [items, setItems] = useState(initial)
  const unread = items.filter((item) => !item.read).length

  const markAll = useCallback(() => setItems((old) => old.map((item) => ({ ...item, read: true }))), [])

  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Inbox` : "Inbox"
  }, [unread])

  return (
    <div className="flex justify-end p-6">
      <div className="w-96 rounded-xl border bg-white shadow-xl">
        <header className="flex items-center gap-2 border-b px-4 py-3">
          <span className="relative">
            <Bell className="h-5 w-5" />
            {unread > 0 && (
              <sup className="absolute -right-2 -top-2 grid h-4 w-4 place-items-center rounded-full bg-red-600 text-[10px] text-white">
                {unread > 9 ? "9+" : unread}
              </sup>
            )}
          </span>
          <h2 className="flex-1 font-semibold">Notifications</h2>
          <button onClick={markAll} disabled={!unread} className="text-sm text-blue-700 disabled:text-gray-400">
            Mark all as read
          </button>
        </header>
        <ul>
          {items.map((item) => (
            <li key={item.id} className={`flex gap-3 px-4 py-3 text-sm ${item.read ? "opacity-60" : "bg-blue-50/50"}`}>
              {icons[item.type]}
              <div className="flex-1">
                <p>
                  <Line n={item} />
                </p>
                <time className="text-xs text-gray-500">{item.at}</time>
              </div>
              {!item.read && <span className="mt-1.5 h-2 w-2 rounded-full bg-blue-600" aria-label="unread" />}
            </li>
          ))}
        </ul>
        <footer className="border-t px-4 py-2 text-center text-sm">
          <a href="#all">See all</a>
        </footer>
      </div>
    </div>
  )
}
