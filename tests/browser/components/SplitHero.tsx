const SplitHero = () => {
  return (
    <section className="grid min-h-[640px] lg:grid-cols-2">
      <div className="flex flex-col justify-center bg-[#14213d] px-8 py-20 text-white lg:px-20">
        <p className="mb-4 text-sm font-semibold uppercase tracking-[0.3em] text-[#fca311]">Since 1974</p>
        <h1 className="font-serif text-5xl leading-tight lg:text-6xl">
          Bread that remembers <br className="hidden lg:block" />
          the field it came from.
        </h1>
        <p className="mt-6 max-w-md text-lg text-white/70">
          Stone-milled flour, a starter older than the baker, and an oven that hasn&apos;t gone cold in fifty years.
        </p>
        <div className="mt-10 flex items-center gap-6">
          <Button className="bg-[#fca311] px-8 py-6 text-base text-[#14213d] hover:bg-[#e5940f]">Order a loaf</Button>
          <a href="#story" className="group inline-flex items-center gap-2 text-white/80 hover:text-white">
            Our story
            <ArrowRight className="h-4 w-4 transition-transform group-hover:translate-x-1" />
          </a>
        </div>
        <dl className="mt-16 flex gap-12 border-t border-white/10 pt-8">
          <div>
            <dt className="text-sm text-white/50">Loaves a day</dt>
            <dd className="text-3xl font-bold">320</dd>
          </div>
          <div>
            <dt className="text-sm text-white/50">Hours of rest</dt>
            <dd className="text-3xl font-bold">36</dd>
          </div>
          <div>
            <dt className="text-sm text-white/50">Secrets</dt>
            <dd className="text-3xl font-bold">&infin;</dd>
          </div>
        </dl>
      </div>
      <div className="relative hidden bg-[#e5e5e5] lg:block">
        <img
          src="https://images.example.com/photo-bread?auto=format&fit=crop&w=1200&q=80"
          alt="A round loaf on a linen cloth, cut open"
          className="absolute inset-0 h-full w-full object-cover"
          loading="lazy"
        />
        <figure className="absolute bottom-10 left-10 right-10 rounded-2xl bg-white/95 p-6 shadow-xl">
          <div className="mb-2 flex text-[#fca311]">
            <Star className="h-4 w-4 fill-current" />
            <Star className="h-4 w-4 fill-current" />
            <Star className="h-4 w-4 fill-current" />
            <Star className="h-4 w-4 fill-current" />
            <StarHalf className="h-4 w-4 fill-current" />
          </div>
          <blockquote className="text-[#14213d]">"I drive forty minutes for the rye. I'd drive sixty."</blockquote>
          <figcaption className="mt-3 text-sm text-gray-500">Hanne, a regular since '98</figcaption>
        </figure>
      </div>
    </section>
  );
};

export default SplitHero;
