import React from 'react';

interface CardProps extends React.HTMLAttributes<HTMLDivElement> {
  elevated?: boolean;
}

function Card({ elevated = false, className = '', ...rest }: CardProps) {
  return <div className={`rounded-2xl bg-white ${elevated ? 'shadow-2xl' : 'border'} ${className}`} {...rest} />;
}

Card.Header = function CardHeader({ children }: { children: React.ReactNode }) {
  return <div className="border-b p-6">{children}</div>;
};

Card.Body = function CardBody({ children }: { children: React.ReactNode }) {
  return <div className="p-6">{children}</div>;
};

Card.Footer = ({ children }: React.PropsWithChildren) => (
  <div className="flex justify-end gap-2 rounded-b-2xl bg-gray-50 p-4">{children}</div>
);

const user = {
  name: 'Noor Haddad',
  handle: '@noor',
  bio: 'Cartographer of imaginary islands. Previously: real ones.',
  stats: { maps: 48, followers: 12_904, following: 311 },
  tags: ['maps', 'ink', 'islands', 'typography'],
  location: undefined as string | undefined,
};

const compact = new Intl.NumberFormat('en', { notation: 'compact' });

export default function ProfileCard() {
  const [following, setFollowing] = React.useState(false);

  return (
    <div className="grid min-h-[420px] place-items-center bg-gradient-to-br from-orange-100 to-rose-200 p-6">
      <Card elevated className="w-full max-w-sm">
        <Card.Header>
          <div className="flex items-center gap-4">
            <div className="flex h-16 w-16 items-center justify-center rounded-full bg-rose-500 text-2xl text-white">
              {user.name.charAt(0)}
            </div>
            <div>
              <h2 className="text-xl font-semibold">{user.name}</h2>
              <p className="text-gray-500">{user.handle}</p>
              {user.location && <p className="text-xs">{user.location}</p>}
            </div>
          </div>
        </Card.Header>
        <Card.Body>
          <p className="text-gray-700">{user.bio}</p>
          <dl className="mt-6 grid grid-cols-3 divide-x text-center">
            {Object.entries(user.stats).map(([label, value]) => (
              <div key={label}>
                <dt className="text-xs uppercase text-gray-400">{label}</dt>
                <dd className="text-lg font-bold">{compact.format(value)}</dd>
              </div>
            ))}
          </dl>
          <div className="mt-6 flex flex-wrap gap-2">
            {user.tags.map((tag) => (
              <span key={tag} className="rounded-full bg-rose-50 px-3 py-1 text-xs text-rose-600">
                #{tag}
              </span>
            ))}
          </div>
        </Card.Body>
        <Card.Footer>
          <button className="rounded-lg px-4 py-2 text-sm text-gray-600">Message</button>
          <button
            onClick={() => setFollowing(!following)}
            className={`rounded-lg px-4 py-2 text-sm ${following ? 'border' : 'bg-rose-500 text-white'}`}
          >
            {following ? 'Following' : 'Follow'}
          </button>
        </Card.Footer>
      </Card>
    </div>
  );
}
