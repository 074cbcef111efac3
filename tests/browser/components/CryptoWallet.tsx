"use client"
import { useState, useMemo } from "react"
import { ArrowUpRight, ArrowDownLeft, Wallet, Copy } from "lucide-react"
import { AreaChart, Area, XAxis, YAxis, Tooltip, ResponsiveContainer } from "recharts"

const assets = [
  { symbol: "BRK", name: "Bark", amount: 1240.5, price: 1.92, change: 4.1 },
  { symbol: "PEB", name: "Pebble", amount: 88, price: 14.07, change: -2.35 },
  { symbol: "MSS", name: "Moss", amount: 0.031, price: 20411, change: 0 },
]

const activity = [
  { id: "0x9f…31", kind: "in", amount: 120, symbol: "BRK", ago: "4 min" },
  { id: "0x02…aa", kind: "out", amount: 3.5, symbol: "PEB", ago: "2 h" },
  { id: "0xc0…fe", kind: "in", amount: 0.001, symbol: "MSS", ago: "3 d" },
] as const

const chartData = Array.from({ length: 30 }, (_, day) => ({
  day: day + 1,
  value: Math.round(3600 + Math.sin(day / 3) * 300 + day * 18),
}))

export default function CryptoWallet() {
  const [hidden, setHidden] = useState(false)
  const [tab, setTab] = useState<"assets" | "activity">("assets")
  const total = useMemo(() => assets.reduce((sum, a) => sum + a.amount * a.price, 0), [])

  const mask = (text: string) => (hidden ? text.replace(/[0-9]/g, "•") : text)

  return (
    <div className="mx-auto max-w-md bg-[#0b0d12] p-6 font-sans text-slate-100">
      <header className="flex items-center justify-between">
        <div className="flex items-center gap-2 text-sm text-slate-400">
          <Wallet size={16} /> Main wallet <Copy size={12} className="cursor-pointer" />
        </div>
        <button onClick={() => setHidden(!hidden)} className="text-xs text-slate-400">{hidden ? "Show" : "Hide"}</button>
      </header>
      <p className="mt-4 text-4xl font-semibold tabular-nums">
        {mask(total.toLocaleString("en-US", { style: "currency", currency: "USD" }))}
      </p>
      <div className="mt-6 h-32">
        <ResponsiveContainer width="100%" height="100%">
          <AreaChart data={chartData}>
            <XAxis dataKey="day" hide />
            <YAxis domain={["dataMin - 100", "dataMax + 100"]} hide />
            <Tooltip formatter={(value: number) => [`$${value}`, "Value"]} />
            <Area type="monotone" dataKey="value" stroke="#34d399" fill="#34d39933" />
          </AreaChart>
        </ResponsiveContainer>
      </div>
      <div className="mt-6 grid grid-cols-2 gap-3">
        {[
          { label: "Send", Icon: ArrowUpRight },
          { label: "Receive", Icon: ArrowDownLeft },
        ].map(({ label, Icon }) => (
          <button key={label} className="flex items-center justify-center gap-2 rounded-xl bg-slate-800 py-3">
            <Icon size={16} /> {label}
          </button>
        ))}
      </div>
      <div role="tablist" className="mt-8 flex gap-6 border-b border-slate-800">
        {(["assets", "activity"] as const).map((name) => (
          <button key={name} role="tab" aria-selected={tab === name} onClick={() => setTab(name)} className={`pb-2 capitalize ${tab === name ? "border-b-2 border-emerald-400" : "text-slate-500"}`}>
            {name}
          </button>
        ))}
      </div>
      {tab === "assets" ? (
        <ul className="divide-y divide-slate-800">
          {assets.map((asset) => (
            <li key={asset.symbol} className="flex items-center py-4">
              <span className="mr-4 grid h-10 w-10 place-items-center rounded-full bg-slate-800 text-xs">{asset.symbol}</span>
              <div className="flex-1">
                <p>{asset.name}</p>
                <p className="text-xs text-slate-500">{mask(`${asset.amount} ${asset.symbol}`)}</p>
              </div>
              <div className="text-right tabular-nums">
                <p>{mask(`$${(asset.amount * asset.price).toFixed(2)}`)}</p>
                <p className={`text-xs ${asset.change > 0 ? "text-emerald-400" : asset.change < 0 ? "text-rose-400" : "text-slate-500"}`}>
                  {asset.change > 0 && "+"}
                  {asset.change}%
                </p>
              </div>
            </li>
          ))}
        </ul>
      ) : (
        <ul className="divide-y divide-slate-800">
          {activity.map(({ id, kind, amount, symbol, ago }) => (
            <li key={id} className="flex items-center gap-4 py-4">
              {kind === "in" ? <ArrowDownLeft className="text-emerald-400" /> : <ArrowUpRight className="text-rose-400" />}
              <code className="flex-1 text-xs text-slate-500">{id}</code>
              <span>{kind === "in" ? "+" : "-"}{amount} {symbol}</span>
              <span className="w-12 text-right text-xs text-slate-500">{ago}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
