import { Check, Minus, HelpCircle } from 'lucide-react';
import { Tooltip, TooltipContent, TooltipProvider, TooltipTrigger } from '@/components/ui/tooltip';

type Value = boolean | string | number | null;

const PRODUCTS = ['Dinghy', 'Sloop', 'Schooner'] as const;

const GROUPS: { name: string; rows: { label: string; help?: string; values: Value[] }[] }[] = [
  {
    name: 'On board',
    rows: [
      { label: 'Berths', values: [0, 4, 12] },
      { label: 'Galley', help: 'A kitchen, but wetter', values: [false, 'two burners', 'full'] },
      { label: 'Toilet', values: [false, true, true] },
    ],
  },
  {
    name: 'Under sail',
    rows: [
      { label: 'Sail area', values: ['7 m²', '38 m²', '210 m²'] },
      { label: 'Spinnaker', values: [null, true, true] },
      { label: 'Single-handed?', help: 'Can one person sail it without shouting?', values: [true, true, false] },
    ],
  },
];

const cell = (value: Value) => {
  if (value === true) return <Check className="mx-auto h-5 w-5 text-emerald-600" aria-label="yes" />;
  if (value === false) return <Minus className="mx-auto h-5 w-5 text-gray-300" aria-label="no" />;
  if (value === null) return <span className="text-xs text-gray-400">n/a</span>;
  return <span className="text-sm">{value}</span>;
};

export default function ComparisonMatrix() {
  const best = PRODUCTS.indexOf('Sloop');

  return (
    <TooltipProvider>
      <section className="mx-auto max-w-5xl overflow-x-auto px-4 py-16">
        <h2 className="mb-8 text-center text-3xl font-semibold">Which boat is your boat?</h2>
        <table className="w-full border-collapse text-center">
          <thead>
            <tr>
              <td className="w-1/4" />
              {PRODUCTS.map((product, i) => (
                <th key={product} scope="col" className={`p-4 text-lg ${i === best ? 'rounded-t-xl bg-sky-50 text-sky-800' : ''}`}>
                  {product}
                  {i === best && <div className="text-xs font-normal text-sky-600">most chosen</div>}
                </th>
              ))}
            </tr>
          </thead>
          {GROUPS.map((group) => (
            <tbody key={group.name}>
              <tr>
                <th colSpan={PRODUCTS.length + 1} scope="colgroup" className="border-b-2 pb-2 pt-8 text-left text-xs uppercase tracking-widest text-gray-500">
                  {group.name}
                </th>
              </tr>
              {group.rows.map(({ label, help, values }) => (
                <tr key={label} className="border-b border-gray-100">
                  <th scope="row" className="py-4 text-left text-sm font-normal">
                    {label}
                    {help && (
                      <Tooltip>
                        <TooltipTrigger>
                          <HelpCircle className="ml-1 inline h-3.5 w-3.5 text-gray-400" />
                        </TooltipTrigger>
                        <TooltipContent>{help}</TooltipContent>
                      </Tooltip>
                    )}
                  </th>
                  {values.map((value, i) => (
                    <td key={i} className={i === best ? 'bg-sky-50' : undefined}>
                      {cell(value)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
        <p className="mt-6 text-center text-xs text-gray-500">* Crew not included. They'd like to be paid &amp; fed.</p>
      </section>
    </TooltipProvider>
  );
}
