import React, { createContext, useContext, useState } from 'react';

interface AccordionState {
  open: string | null;
  toggle: (id: string) => void;
}

const AccordionContext = createContext<AccordionState>({ open: null, toggle: () => {} });
const ItemContext = createContext('');

const Accordion = ({ children, initial = null }: { children: React.ReactNode; initial?: string | null }) => {
  const [open, setOpen] = useState<string | null>(initial);
  const toggle = (id: string) => setOpen((current) => (current === id ? null : id));
  return (
    <AccordionContext.Provider value={{ open, toggle }}>
      <div className="divide-y rounded-xl border">{children}</div>
    </AccordionContext.Provider>
  );
};

const Item = ({ id, children }: { id: string; children: React.ReactNode }) => (
  <ItemContext.Provider value={id}>
    <div className="px-5 py-4">{children}</div>
  </ItemContext.Provider>
);

const Trigger = ({ children }: React.PropsWithChildren<unknown>) => {
  const { open, toggle } = useContext(AccordionContext);
  const id = useContext(ItemContext);
  return (
    <button onClick={() => toggle(id)} aria-expanded={open === id} className="flex w-full justify-between font-medium">
      {children}
      <span aria-hidden>{open === id ? '−' : '+'}</span>
    </button>
  );
};

const Panel = ({ children }: React.PropsWithChildren<unknown>) => {
  const { open } = useContext(AccordionContext);
  const id = useContext(ItemContext);
  if (open !== id) return null;
  return <div className="pt-3 text-sm text-gray-600">{children}</div>;
};

const Menu = Object.assign(Accordion, { Item, Trigger, Panel });

export default function AccordionMenu() {
  return (
    <div className="mx-auto max-w-xl p-10">
      <h1 className="mb-6 text-2xl font-bold">Tonight&apos;s menu</h1>
      <Menu initial="starters">
        <Menu.Item id="starters">
          <Menu.Trigger>Starters</Menu.Trigger>
          <Menu.Panel>
            <ul className="space-y-1">
              <li>Beetroot, horseradish, rye &mdash; 9</li>
              <li>Soup of the day (ask!) &mdash; 7</li>
            </ul>
          </Menu.Panel>
        </Menu.Item>
        <Menu.Item id="mains">
          <Menu.Trigger>Mains</Menu.Trigger>
          <Menu.Panel>
            <p>Cod with brown butter, or <em>not cod</em> with brown butter.</p>
          </Menu.Panel>
        </Menu.Item>
        <Menu.Item id="sweets">
          <Menu.Trigger>
            Sweets <small className="ml-2 text-gray-400">until they're gone</small>
          </Menu.Trigger>
          <Menu.Panel>
            <p>Cloudberries &amp; cream.</p>
          </Menu.Panel>
        </Menu.Item>
      </Menu>
      <p className="mt-6 text-xs text-gray-500">Allergies? Tell us before you order, please.</p>
    </div>
  );
}
