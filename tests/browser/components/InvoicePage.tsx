import React from "react"

interface Item {
  readonly description: string
  readonly quantity: number
  readonly rate: number
}

const invoice = {
  number: "2026-0042",
  issued: "3 March 2026",
  due: "2 April 2026",
  from: ["Studio Vinter", "Kaigata 12", "8005 Bodø"],
  to: ["Maren Fisk AS", "att: Maren", "Havnegata 3", "8300 Svolvær"],
  items: [
    { description: "Logo & letterhead", quantity: 1, rate: 2400 },
    { description: "Signs, hand-painted", quantity: 3, rate: 650 },
    { description: "Travel (ferry)", quantity: 2, rate: 88.5 },
  ] as Item[],
  tax: 0.25,
  paid: false,
}

function money(amount: number) {
  const [whole, cents] = amount.toFixed(2).split(".")
  return `${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}.${cents} kr`
}

const Address = ({ title, lines }: { title: string; lines: string[] }) => (
  <div>
    <h3 className="text-xs uppercase text-neutral-400">{title}</h3>
    <address className="mt-1 not-italic leading-6">
      {lines.map((line, i) => (
        <React.Fragment key={i}>
          {line}
          <br />
        </React.Fragment>
      ))}
    </address>
  </div>
)

export default function InvoicePage() {
  const net = invoice.items.reduce((sum, { quantity, rate }) => sum + quantity * rate, 0)
  const tax = net * invoice.tax
  const totals: [string, number, boolean?][] = [
    ["Net", net],
    [`VAT ${invoice.tax * 100} %`, tax],
    ["Total", net + tax, true],
  ]

  return (
    <div className="bg-neutral-200 p-10 print:bg-white print:p-0">
      <div className="relative mx-auto max-w-[210mm] bg-white p-16 text-sm text-neutral-800 shadow-xl">
        {!invoice.paid && (
          <span className="absolute right-12 top-12 rotate-12 rounded border-4 border-red-500 px-4 py-1 text-2xl font-black text-red-500 opacity-60">
            UNPAID
          </span>
        )}
        <h1 className="text-4xl font-thin">Invoice</h1>
        <p className="mt-1 text-neutral-500">No. {invoice.number}</p>
        <div className="mt-12 grid grid-cols-3 gap-8">
          <Address title="From" lines={invoice.from} />
          <Address title="To" lines={invoice.to} />
          <div>
            <h3 className="text-xs uppercase text-neutral-400">Dates</h3>
            <p className="mt-1">Issued {invoice.issued}</p>
            <p>Due <b>{invoice.due}</b></p>
          </div>
        </div>
        <table className="mt-12 w-full">
          <thead>
            <tr className="border-b-2 border-neutral-800 text-left">
              <th className="py-2">Description</th>
              <th className="text-right">Qty</th>
              <th className="text-right">Rate</th>
              <th className="text-right">Amount</th>
            </tr>
          </thead>
          <tbody>
            {invoice.items.map((item) => (
              <tr key={item.description} className="border-b">
                <td className="py-3">{item.description}</td>
                <td className="text-right">{item.quantity}</td>
                <td className="text-right">{money(item.rate)}</td>
                <td className="text-right">{money(item.quantity * item.rate)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            {totals.map(([label, value, strong]) => (
              <tr key={label} className={strong ? "text-lg font-bold" : "text-neutral-600"}>
                <td colSpan={3} className="pt-3 text-right">{label}</td>
                <td className="pt-3 text-right tabular-nums">{money(value)}</td>
              </tr>
            ))}
          </tfoot>
        </table>
        <p className="mt-16 border-t pt-4 text-xs text-neutral-500">
          Please pay within thirty days. Late? Just call&nbsp;&ndash; we're nice.
        </p>
      </div>
    </div>
  )
}
