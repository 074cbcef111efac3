import React from 'react';

const Bone = ({ w = '100%', h = 16, round = false }: { w?: number | string; h?: number; round?: boolean }) => (
  <div
    aria-hidden="true"
    className={`animate-pulse bg-gray-200 ${round ? 'rounded-full' : 'rounded-md'}`}
    style={{ width: w, height: h }}
  />
);

const withLoading = <P extends object>(Loaded: React.ComponentType<P>, Loading: React.ComponentType) => {
  return function WithLoading({ loading, ...props }: P & { loading: boolean }) {
    return loading ? <Loading /> : <Loaded {...(props as unknown as P)} />;
  };
};

function Article({ title = 'Untitled', paragraphs = [] as string[] }) {
  return (
    <article>
      <h2 className="text-2xl font-bold">{title}</h2>
      {paragraphs.map((text, i) => (
        <p key={i} className="mt-3 text-gray-700">
          {text}
        </p>
      ))}
    </article>
  );
}

function ArticleSkeleton() {
  return (
    <div className="space-y-3" role="status" aria-label="Loading">
      <Bone w="60%" h={28} />
      <Bone />
      <Bone w="92%" />
      <Bone w="75%" />
    </div>
  );
}

const LoadableArticle = withLoading(Article, ArticleSkeleton);

export const SkeletonLoader: React.FC = () => {
  const [loading, setLoading] = React.useState(true);

  return (
    <div className="mx-auto max-w-2xl p-8">
      <div className="mb-8 flex items-center gap-4 rounded-xl border p-4">
        {loading ? <Bone w={48} h={48} round /> : <div className="grid h-12 w-12 place-items-center rounded-full bg-lime-500 text-white">EL</div>}
        <div className="flex-1 space-y-2">{loading ? [<Bone key="name" w={140} />, <Bone key="mail" w={200} h={12} />] : <p>Eline Lunde</p>}</div>
        <button className="rounded-md border px-3 py-1.5 text-sm" onClick={() => setLoading((l) => !l)}>
          {loading ? 'Finish loading' : 'Load again'}
        </button>
      </div>
      <LoadableArticle
        loading={loading}
        title="What skeletons are for"
        paragraphs={[
          'They keep the page from jumping when the words arrive.',
          "They're also cheaper than spinners: nobody counts their turns.",
        ]}
      />
    </div>
  );
};

export default SkeletonLoader;
