import React, { useState } from 'react';

type Cycle = 'monthly' | 'yearly';

interface Plan {
  name: string;
  blurb: string;
  price: Record<Cycle, number | null>;
  features: string[];
  featured?: boolean;
}

const PLANS: Plan[] = [
  {
    name: 'Hobby',
    blurb: 'For weekend tinkering.',
    price: { monthly: 0, yearly: 0 },
    features: ['1 project', 'Community support', '100 builds a month'],
  },
  {
    name: 'Team',
    blurb: "For teams that can't wait.",
    price: { monthly: 24, yearly: 19 },
    features: ['Unlimited projects', 'Preview links', 'Email support', '10,000 builds a month'],
    featured: true,
  },
  {
    name: 'Enterprise',
    blurb: 'For the ones with a procurement department.',
    price: { monthly: null, yearly: null },
    features: ['SSO & SCIM', 'Audit log', 'Dedicated region', '99.99% uptime'],
  },
];

const PricingTable: React.FC = () => {
  const [cycle, setCycle] = useState<Cycle>('yearly');

  const label = (plan: Plan) => {
    const price = plan.price[cycle];
    return price === null ? "Let's talk" : price === 0 ? 'Free' : `$${price}`;
  };

  return (
    <div className="bg-white py-24">
      <div className="mx-auto max-w-6xl px-6">
        <h2 className="text-center text-4xl font-bold text-gray-900">Simple, honest pricing</h2>
        <p className="mx-auto mt-4 max-w-xl text-center text-gray-600">
          Switch plans whenever you like. Yearly saves you {cycle === 'yearly' ? 'a fifth' : 'nothing yet'}.
        </p>
        <div role="group" className="mx-auto mt-8 flex w-max rounded-full bg-gray-100 p-1">
          {(['monthly', 'yearly'] as const).map((option) => (
            <button
              key={option}
              onClick={() => setCycle(option)}
              aria-pressed={cycle === option}
              className={`rounded-full px-5 py-2 text-sm font-medium capitalize ${
                cycle === option ? 'bg-white text-gray-900 shadow' : 'text-gray-500'
              }`}
            >
              {option}
            </button>
          ))}
        </div>
        <div className="mt-14 grid gap-8 md:grid-cols-3">
          {PLANS.map((plan) => (
            <article
              key={plan.name}
              className={
                'flex flex-col rounded-2xl border p-8 ' +
                (plan.featured ? 'border-violet-600 ring-2 ring-violet-600' : 'border-gray-200')
              }
            >
              <header className="flex items-baseline justify-between">
                <h3 className="text-lg font-semibold">{plan.name}</h3>
                {plan.featured && (
                  <span className="rounded-full bg-violet-100 px-3 py-1 text-xs text-violet-700">Most popular</span>
                )}
              </header>
              <p className="mt-2 text-sm text-gray-500">{plan.blurb}</p>
              <p className="mt-6 text-4xl font-bold">
                {label(plan)}
                {plan.price[cycle] ? <small className="text-base font-normal text-gray-500"> / seat / month</small> : null}
              </p>
              <ul className="mt-6 flex-1 space-y-3 text-sm text-gray-700">
                {plan.features.map((feature, i) => (
                  <li key={i} className="flex gap-2">
                    <svg viewBox="0 0 20 20" className="h-5 w-5 fill-violet-600" aria-hidden>
                      <path d="M16.7 5.3a1 1 0 0 1 0 1.4l-8 8a1 1 0 0 1-1.4 0l-4-4a1 1 0 1 1 1.4-1.4L8 12.6l7.3-7.3a1 1 0 0 1 1.4 0z" />
                    </svg>
                    {feature}
                  </li>
                ))}
              </ul>
              <button className="mt-8 rounded-lg bg-violet-600 py-3 text-white hover:bg-violet-500">
                {plan.price[cycle] === null ? 'Contact sales' : 'Choose ' + plan.name}
              </button>
            </article>
          ))}
        </div>
      </div>
    </div>
  );
};

export default PricingTable;
