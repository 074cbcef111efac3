const milestones = [
  { year: 1998, title: 'A shed', text: 'Two people, one lathe, no heating.' },
  { year: 2006, title: 'A workshop', text: 'The first apprentice stays. (She runs the place now.)' },
  { year: 2015, title: 'A fire', text: 'We lost the roof and found out who our friends were.' },
  { year: 2024, title: 'A school', text: 'Forty chairs a month, twelve pupils a year.' },
];

export const TimelineSection = () => (
  <section className="bg-[#f6f1e7] py-24 text-[#2b2118]">
    <div className="mx-auto max-w-4xl px-6">
      <h2 className="text-center font-serif text-4xl">Twenty-eight years of sawdust</h2>
      <div className="relative mt-16">
        <div className="absolute left-1/2 top-0 h-full w-px bg-[#2b2118]/20" />
        {milestones.map((milestone, index) => {
          const left = index % 2 === 0;
          const last = index === milestones.length - 1;
          return (
            <div
              key={milestone.year}
              className={`relative flex w-1/2 ${left ? 'justify-end pr-12 text-right' : 'left-1/2 justify-start pl-12'} ${last ? '' : 'pb-12'}`}
            >
              <span
                className={`absolute top-1.5 h-3 w-3 rounded-full border-2 border-[#2b2118] ${last ? 'bg-[#c2410c]' : 'bg-[#f6f1e7]'} ${
                  left ? '-right-1.5' : '-left-1.5'
                }`}
              />
              <div>
                <time className="font-mono text-sm text-[#c2410c]">{milestone.year}</time>
                <h3 className="mt-1 text-xl font-semibold">{milestone.title}</h3>
                <p className="mt-2 max-w-xs leading-relaxed opacity-80">{milestone.text}</p>
              </div>
            </div>
          );
        })}
      </div>
      <p className="mt-16 text-center italic">
        Want to see it? The workshop is open on Saturdays, 10&ndash;16&nbsp;h.
      </p>
    </div>
  </section>
);

export default TimelineSection;
