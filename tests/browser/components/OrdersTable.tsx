import { useMemo, useState } from "react"
import { ArrowUpDown, Search } from "lucide-react"

type Status = "paid" | "pending" | "refunded"

type Order = {
  id: string
  customer: string
  total: number
  status: Status
}

const orders: Order[] = [
  { id: "#3021", customer: "Bea Ode", total: 128.5, status: "paid" },
  { id: "#3022", customer: "Li Wen", total: 42, status: "pending" },
  { id: "#3023", customer: "Sam O'Neill", total: 310.99, status: "paid" },
  { id: "#3024", customer: "Nadia K.", total: 18.2, status: "refunded" },
  { id: "#3025", customer: "Jorge <jorge@x.example>", total: 77, status: "paid" },
]

const tone: Record<Status, string> = {
  paid: "bg-green-100 text-green-800",
  pending: "bg-yellow-100 text-yellow-800",
  refunded: "bg-gray-200 text-gray-700",
}

function sortBy<T, K extends keyof T>(rows: readonly T[], key: K, ascending: boolean): T[] {
  const sign = ascending ? 1 : -1
  return [...rows].sort((a, b) => (a[key] < b[key] ? -sign : a[key] > b[key] ? sign : 0))
}

export default function OrdersTable() {
  const [query, setQuery] = useState("")
  const [key, setKey] = useState<keyof Order>("id")
  const [ascending, setAscending] = useState(true)

  const rows = useMemo(() => {
    const wanted = query.trim().toLowerCase()
    const found = wanted ? orders.filter((o) => o.customer.toLowerCase().includes(wanted)) : orders
    return sortBy(found, key, ascending)
  }, [query, key, ascending])

  const toggle = (next: keyof Order) => {
    if (next === key) setAscending((value) => !value)
    else {
      setKey(next)
      setAscending(true)
    }
  }

  if (orders.length === 0) {
    return <p className="p-8 text-center text-gray-500">No orders yet.</p>
  }

  return (
    <div className="rounded-lg border bg-white shadow-sm">
      <div className="flex items-center gap-2 border-b p-4">
        <Search className="h-4 w-4 text-gray-400" />
        <input
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          placeholder="Filter customers…"
          className="w-full text-sm outline-none"
        />
      </div>
      <table className="w-full text-left text-sm">
        <thead className="bg-gray-50 text-gray-600">
          <tr>
            {(["id", "customer", "total", "status"] as (keyof Order)[]).map((column) => (
              <th key={column} scope="col" className="px-4 py-2 font-medium">
                <button onClick={() => toggle(column)} className="inline-flex items-center gap-1 capitalize">
                  {column} <ArrowUpDown className="h-3 w-3" />
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.length > 0 ? (
            rows.map((order) => (
              <tr key={order.id} className="border-t">
                <td className="px-4 py-3 font-mono">{order.id}</td>
                <td className="px-4 py-3">{order.customer}</td>
                <td className="px-4 py-3 tabular-nums">${order.total.toFixed(2)}</td>
                <td className="px-4 py-3">
                  <span className={`rounded-full px-2 py-0.5 text-xs ${tone[order.status]}`}>{order.status}</span>
                </td>
              </tr>
            ))
          ) : (
            <tr>
              <td colSpan={4} className="px-4 py-8 text-center text-gray-500">
                Nothing matches &quot;{query}&quot;.
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  )
}
