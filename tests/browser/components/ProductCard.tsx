import { useState } from "react";
import { cva, type VariantProps } from "class-variance-authority";
import { cn } from "@/lib/utils";
import { Star, ShoppingCart, Check } from "lucide-react";

const buttonVariants = cva(
  "inline-flex items-center justify-center gap-2 rounded-md text-sm font-medium transition-colors disabled:pointer-events-none disabled:opacity-50",
  {
    variants: {
      variant: {
        default: "bg-zinc-900 text-zinc-50 hover:bg-zinc-800",
        outline: "border border-zinc-300 bg-transparent hover:bg-zinc-100",
        success: "bg-green-600 text-white",
      },
      size: { default: "h-10 px-4 py-2", sm: "h-8 px-3", icon: "h-10 w-10" },
    },
    defaultVariants: { variant: "default", size: "default" },
  },
);

interface ButtonProps extends React.ButtonHTMLAttributes<HTMLButtonElement>, VariantProps<typeof buttonVariants> {}

const Button = ({ className, variant, size, ...props }: ButtonProps) => (
  <button className={cn(buttonVariants({ variant, size }), className)} {...props} />
);

const swatches = { Moss: "#4d7c0f", Clay: "#b45309", Slate: "#475569" };

export default function ProductCard() {
  const [color, setColor] = useState<keyof typeof swatches>("Moss");
  const [quantity, setQuantity] = useState(1);
  const [added, setAdded] = useState(false);
  const price = 64.5;

  return (
    <div className="mx-auto grid max-w-4xl gap-10 rounded-2xl bg-white p-8 shadow-lg md:grid-cols-2">
      <div className="flex aspect-square items-center justify-center rounded-xl transition-colors" style={{ backgroundColor: swatches[color] }}>
        <svg viewBox="0 0 100 100" className="w-1/2 text-white/90" fill="currentColor">
          <path d="M30 20c0-6 9-10 20-10s20 4 20 10v8h8c4 0 6 3 6 7l-3 48c0 5-3 7-7 7H26c-4 0-7-2-7-7l-3-48c0-4 2-7 6-7h8v-8zm6 8h28v-7c0-3-6-5-14-5s-14 2-14 5v7z" />
        </svg>
      </div>
      <div className="flex flex-col">
        <p className="text-xs uppercase tracking-wider text-zinc-500">Bags / Weekend</p>
        <h1 className="mt-1 text-3xl font-semibold">The Sunday Bag</h1>
        <div className="mt-2 flex items-center gap-1" title="4 of 5">
          {[1, 2, 3, 4, 5].map((n) => (
            <Star key={n} className={cn("h-4 w-4", n <= 4 ? "fill-amber-400 text-amber-400" : "text-zinc-300")} />
          ))}
          <span className="ml-2 text-sm text-zinc-500">(128)</span>
        </div>
        <p className="mt-4 text-2xl">€{(price * quantity).toFixed(2)}</p>
        <fieldset className="mt-6">
          <legend className="text-sm font-medium">Colour: {color}</legend>
          <div className="mt-2 flex gap-3">
            {(Object.entries(swatches) as [keyof typeof swatches, string][]).map(([name, hex]) => (
              <button
                key={name}
                aria-label={name}
                onClick={() => setColor(name)}
                className={cn("h-8 w-8 rounded-full", color === name && "ring-2 ring-zinc-900 ring-offset-2")}
                style={{ background: hex }}
              />
            ))}
          </div>
        </fieldset>
        <div className="mt-8 flex gap-3">
          <div className="flex items-center rounded-md border">
            <Button variant="outline" size="icon" className="border-0" onClick={() => setQuantity((q) => Math.max(1, q - 1))}>&minus;</Button>
            <span className="w-8 text-center">{quantity}</span>
            <Button variant="outline" size="icon" className="border-0" onClick={() => setQuantity((q) => q + 1)}>+</Button>
          </div>
          <Button variant={added ? "success" : "default"} className="flex-1" onClick={() => setAdded(true)}>
            {added ? <Check className="h-4 w-4" /> : <ShoppingCart className="h-4 w-4" />}
            {added ? "In your basket" : "Add to basket"}
          </Button>
        </div>
      </div>
    </div>
  );
}
