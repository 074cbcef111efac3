import { MapPin, Calendar, Users, Search, Star } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";

const destinations = [
  { place: "Lofoten", country: "Norway", nights: 5, price: 890, rating: 4.9, hue: 200 },
  { place: "Matera", country: "Italy", nights: 4, price: 640, rating: 4.7, hue: 30 },
  { place: "Chefchaouen", country: "Morocco", nights: 6, price: 720, rating: 4.8, hue: 220 },
];

export default function TravelLanding() {
  return (
    <div className="min-h-screen bg-white font-sans text-gray-900">
      <section className="relative flex min-h-[70vh] flex-col justify-end overflow-hidden px-6 pb-16 pt-32 text-white md:px-16">
        <div className="absolute inset-0 -z-10 bg-[linear-gradient(to_top,rgba(0,0,0,.65),rgba(0,0,0,.05)),linear-gradient(120deg,#0e7490,#155e75_40%,#f59e0b)]" />
        <h1 className="max-w-3xl text-5xl font-black leading-none tracking-tight md:text-7xl">
          Go where the map gets <em className="font-serif font-normal">blurry</em>
        </h1>
        <p className="mt-4 max-w-xl text-lg text-white/90">
          Small groups, slow trains, and guides who grew up there.
        </p>
        <form className="mt-10 grid max-w-4xl gap-2 rounded-2xl bg-white p-3 text-gray-900 shadow-2xl md:grid-cols-[1fr_1fr_1fr_auto]">
          <label className="flex items-center gap-2 px-3">
            <MapPin className="h-5 w-5 text-cyan-700" />
            <Input placeholder="Where to?" className="border-0" />
          </label>
          <label className="flex items-center gap-2 px-3">
            <Calendar className="h-5 w-5 text-cyan-700" />
            <Input type="date" className="border-0" />
          </label>
          <label className="flex items-center gap-2 px-3">
            <Users className="h-5 w-5 text-cyan-700" />
            <Input type="number" min={1} max={12} defaultValue={2} className="border-0" />
          </label>
          <Button size="lg" className="bg-cyan-700 hover:bg-cyan-800">
            <Search className="mr-2 h-5 w-5" />
            Search
          </Button>
        </form>
      </section>

      <section className="mx-auto max-w-7xl px-6 py-20">
        <div className="flex items-end justify-between">
          <h2 className="text-3xl font-bold">This month&apos;s trips</h2>
          <a href="#all" className="text-cyan-700 hover:underline">
            See all 24 &rarr;
          </a>
        </div>
        <div className="mt-8 grid gap-8 md:grid-cols-3">
          {destinations.map(({ place, country, nights, price, rating, hue }) => (
            <article key={place} className="group overflow-hidden rounded-2xl shadow transition hover:shadow-xl">
              <div
                className="relative h-56 transition duration-500 group-hover:scale-105"
                style={{ background: `linear-gradient(135deg, hsl(${hue} 70% 45%), hsl(${hue + 40} 80% 70%))` }}
              >
                <span className="absolute right-4 top-4 flex items-center gap-1 rounded-full bg-white/90 px-2 py-1 text-xs font-semibold">
                  <Star className="h-3 w-3 fill-amber-400 text-amber-400" /> {rating}
                </span>
              </div>
              <div className="bg-white p-6">
                <h3 className="text-xl font-semibold">{place}</h3>
                <p className="text-sm text-gray-500">{country}</p>
                <div className="mt-4 flex items-baseline justify-between">
                  <span className="text-sm">{nights} nights</span>
                  <span>
                    from <b className="text-lg">€{price}</b>
                  </span>
                </div>
              </div>
            </article>
          ))}
        </div>
      </section>
    </div>
  );
}
