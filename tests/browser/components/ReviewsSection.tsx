import { useState } from 'react';
import { ThumbsUp } from 'lucide-react';
import { Progress } from '@/components/ui/progress';

interface Review {
  id: number;
  author: string;
  stars: 1 | 2 | 3 | 4 | 5;
  text: string;
  helpful: number;
  reply?: { by: string; text: string };
}

const reviews: Review[] = [
  { id: 1, author: 'Pål', stars: 5, text: 'Kept me dry for eleven hours. The hood is a bit dramatic.', helpful: 21 },
  { id: 2, author: 'Anonymous', stars: 2, text: 'Too small! I\'m an "XL" everywhere else.', helpful: 4, reply: { by: 'The shop', text: 'Sorry! We\u2019ve sent you a label.' } },
  { id: 3, author: 'Xiu', stars: 4, text: 'Good jacket, loud zip.\nWould buy again.', helpful: 9 },
];

type Sort = 'best' | 'worst' | 'helpful';

const sorters: Record<Sort, (a: Review, b: Review) => number> = {
  best: (a, b) => b.stars - a.stars,
  worst: (a, b) => a.stars - b.stars,
  helpful: (a, b) => b.helpful - a.helpful,
};

const average = reviews.reduce((sum, r) => sum + r.stars, 0) / reviews.length;

const Stars = ({ n }: { n: number }) => <span aria-label={`${n} stars`} className="tracking-widest text-amber-500">{'★'.repeat(n) + '☆'.repeat(5 - n)}</span>;

export default function ReviewsSection() {
  const [sort, setSort] = useState<Sort>('helpful');
  const [thanked, setThanked] = useState<number[]>([]);
  const sorted = [...reviews].sort(sorters[sort]);

  return (
    <section className="mx-auto grid max-w-5xl gap-12 px-6 py-16 lg:grid-cols-[280px_1fr]">
      <div>
        <h2 className="text-2xl font-bold">Reviews</h2>
        <p className="mt-4 text-5xl font-light">{average.toFixed(1)}</p>
        <Stars n={Math.round(average)} />
        <div className="mt-6 space-y-2">
          {([5, 4, 3, 2, 1] as const).map((stars) => {
            const count = reviews.filter((r) => r.stars === stars).length;
            return (
              <div key={stars} className="flex items-center gap-3 text-sm">
                <span className="w-3">{stars}</span>
                <Progress value={(count / reviews.length) * 100} className="h-2 flex-1" />
                <span className="w-4 text-right text-gray-500">{count}</span>
              </div>
            );
          })}
        </div>
      </div>
      <div>
        <div className="flex justify-end gap-4 border-b pb-3 text-sm">
          {Object.keys(sorters).map((key) => (
            <button key={key} onClick={() => setSort(key as Sort)} className={sort === key ? 'font-semibold' : 'text-gray-500'}>
              {key === 'helpful' ? 'Most helpful' : key === 'best' ? 'Best first' : 'Worst first'}
            </button>
          ))}
        </div>
        {sorted.map((review) => (
          <article key={review.id} className="border-b py-6">
            <header className="flex items-center gap-3">
              <Stars n={review.stars} />
              <b>{review.author}</b>
            </header>
            <p className="mt-2 whitespace-pre-line text-gray-700">{review.text}</p>
            {review.reply && (
              <div className="mt-4 ml-6 rounded-lg bg-gray-50 p-4 text-sm">
                <b>{review.reply.by}:</b> {review.reply.text}
              </div>
            )}
            <button
              disabled={thanked.includes(review.id)}
              onClick={() => setThanked([...thanked, review.id])}
              className="mt-3 inline-flex items-center gap-2 text-sm text-gray-500 disabled:text-green-700"
            >
              <ThumbsUp size={14} />
              {thanked.includes(review.id) ? 'Thanks!' : 'Helpful'} ({review.helpful + (thanked.includes(review.id) ? 1 : 0)})
            </button>
          </article>
        ))}
      </div>
    </section>
  );
}
