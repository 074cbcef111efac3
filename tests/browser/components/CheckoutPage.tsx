"use client";

import { useState } from "react";
import { CreditCard, Truck, ShieldCheck, Tag } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { RadioGroup, RadioGroupItem } from "@/components/ui/radio-group";

const basket = [
  { sku: "TEA-01", name: "Smoked black tea, 100 g", price: 11.5, quantity: 2 },
  { sku: "POT-03", name: "Cast-iron pot", price: 74, quantity: 1 },
];

const shippingOptions = {
  post: { label: "Post", days: "3–5 days", price: 4.9 },
  courier: { label: "Courier", days: "tomorrow", price: 12 },
  pickup: { label: "Pick up in Tromsø", days: "whenever", price: 0 },
};

type ShippingId = keyof typeof shippingOptions;

/* Formats "4242424242424242" as "4242 4242 4242 4242". */
const formatCard = (value: string) => value.replace(/\D/g, "").slice(0, 16).replace(/(.{4})(?=.)/g, "$1 ");

export default function CheckoutPage() {
  const [shipping, setShipping] = useState<ShippingId>("post");
  const [card, setCard] = useState("");
  const [code, setCode] = useState("");
  const [discount, setDiscount] = useState<{ code: string; share: number } | null>(null);

  const goods = basket.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  const off = discount ? goods * discount.share : 0;
  const total = goods - off + shippingOptions[shipping].price;

  const apply = () => {
    const match = code.trim().toUpperCase().match(/^TEA(\d{2})$/);
    setDiscount(match ? { code: match[0], share: Number(match[1]) / 100 } : null);
  };

  return (
    <div className="mx-auto grid max-w-6xl gap-12 p-8 lg:grid-cols-[1fr_22rem]">
      <form className="space-y-10" onSubmit={(e) => e.preventDefault()}>
        <section>
          <h2 className="flex items-center gap-2 text-lg font-semibold">
            <Truck className="h-5 w-5" /> Delivery
          </h2>
          <RadioGroup value={shipping} onValueChange={(v: string) => setShipping(v as ShippingId)} className="mt-4 grid gap-3">
            {Object.entries(shippingOptions).map(([id, { label, days, price }]) => (
              <Label key={id} htmlFor={`ship-${id}`} className="flex items-center gap-4 rounded-lg border p-4">
                <RadioGroupItem value={id} id={`ship-${id}`} />
                <span className="flex-1">
                  {label} <span className="text-muted-foreground">({days})</span>
                </span>
                <span>{price ? `€${price.toFixed(2)}` : "free"}</span>
              </Label>
            ))}
          </RadioGroup>
        </section>
        <section>
          <h2 className="flex items-center gap-2 text-lg font-semibold">
            <CreditCard className="h-5 w-5" /> Payment
          </h2>
          <div className="mt-4 grid grid-cols-4 gap-4">
            <div className="col-span-4">
              <Label htmlFor="card">Card number</Label>
              <Input id="card" inputMode="numeric" placeholder="1234 1234 1234 1234" value={card} onChange={(e) => setCard(formatCard(e.target.value))} />
            </div>
            <div className="col-span-2">
              <Label htmlFor="expiry">Expires</Label>
              <Input id="expiry" placeholder="MM/YY" pattern="(0[1-9]|1[0-2])\/\d{2}" />
            </div>
            <div className="col-span-2">
              <Label htmlFor="cvc">CVC</Label>
              <Input id="cvc" maxLength={4} placeholder="123" />
            </div>
          </div>
        </section>
        <Button size="lg" disabled={card.length < 19} className="w-full">
          Pay €{total.toFixed(2)}
        </Button>
        <p className="flex items-center justify-center gap-2 text-xs text-muted-foreground">
          <ShieldCheck className="h-4 w-4" /> Encrypted. We never see your card.
        </p>
      </form>
      <aside className="h-max rounded-xl bg-stone-100 p-6">
        <h2 className="font-semibold">Your basket</h2>
        <ul className="mt-4 space-y-3 text-sm">
          {basket.map((item) => (
            <li key={item.sku} className="flex justify-between gap-4">
              <span>
                {item.name}
                {item.quantity > 1 && <b> &times;{item.quantity}</b>}
              </span>
              <span>€{(item.price * item.quantity).toFixed(2)}</span>
            </li>
          ))}
        </ul>
        <div className="mt-6 flex gap-2">
          <Input placeholder="Discount code" value={code} onChange={(e) => setCode(e.target.value)} />
          <Button variant="outline" onClick={apply}>
            <Tag className="h-4 w-4" />
          </Button>
        </div>
        {code && !discount ? <p className="mt-2 text-xs text-red-600">"{code}" isn't a code we know.</p> : null}
        <dl className="mt-6 space-y-2 border-t pt-4 text-sm">
          <div className="flex justify-between"><dt>Goods</dt><dd>€{goods.toFixed(2)}</dd></div>
          {discount && <div className="flex justify-between text-green-700"><dt>{discount.code}</dt><dd>&minus;€{off.toFixed(2)}</dd></div>}
          <div className="flex justify-between"><dt>Delivery</dt><dd>€{shippingOptions[shipping].price.toFixed(2)}</dd></div>
          <div className="flex justify-between text-base font-semibold"><dt>Total</dt><dd>€{total.toFixed(2)}</dd></div>
        </dl>
      </aside>
    </div>
  );
}
