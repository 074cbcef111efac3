"use client";

import Link from "next/link";
import Image from "next/image";
import { useEffect, useState } from "react";
import { Menu, X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";

const links = [
  { href: "/#features", label: "Features" },
  { href: "/#pricing", label: "Pricing" },
  { href: "/blog", label: "Blog" },
  { href: "/docs", label: "Docs" },
];

function useScrolled(threshold = 10) {
  const [scrolled, setScrolled] = useState(false);

  useEffect(() => {
    const onScroll = () => setScrolled(window.scrollY > threshold);
    onScroll();
    window.addEventListener("scroll", onScroll, { passive: true });
    return () => window.removeEventListener("scroll", onScroll);
  }, [threshold]);

  return scrolled;
}

export default function NavBar() {
  const [open, setOpen] = useState(false);
  const scrolled = useScrolled(20);

  return (
    <header className={cn("sticky top-0 z-50 w-full transition-colors", scrolled ? "bg-white/90 backdrop-blur" : "bg-transparent")}>
      <nav aria-label="Main" className="mx-auto flex h-16 max-w-6xl items-center justify-between px-4">
        <Link href="/" className="flex items-center gap-2 font-bold">
          <Image src="/logo.svg" alt="Lighthouse" width={32} height={32} priority />
          Lighthouse
        </Link>
        {/* Desktop */}
        <ul className="hidden items-center gap-8 text-sm md:flex">
          {links.map((link) => (
            <li key={link.href}>
              <Link href={link.href} className="text-gray-600 hover:text-gray-900">
                {link.label}
              </Link>
            </li>
          ))}
        </ul>
        <div className="hidden gap-2 md:flex">
          <Button variant="ghost" size="sm">
            Log in
          </Button>
          <Button size="sm">Sign up</Button>
        </div>
        {/* Phone */}
        <button className="md:hidden" aria-expanded={open} aria-label={open ? "Close menu" : "Open menu"} onClick={() => setOpen((v) => !v)}>
          {open ? <X className="h-6 w-6" /> : <Menu className="h-6 w-6" />}
        </button>
      </nav>
      {open ? (
        <div className="border-t bg-white px-4 py-6 md:hidden">
          {links.map((link) => (
            <a key={link.href} href={link.href} onClick={() => setOpen(false)} className="block py-2">
              {link.label}
            </a>
          ))}
          <Button className="mt-4 w-full">Sign up</Button>
        </div>
      ) : null}
    </header>
  );
}
