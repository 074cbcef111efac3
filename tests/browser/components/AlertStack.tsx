import { CheckCircle2, Info, OctagonAlert, TriangleAlert, X, type LucideIcon } from 'lucide-react';
import { useState } from 'react';

type Kind = 'success' | 'info' | 'warning' | 'error';

interface Style {
  box: string;
  icon: LucideIcon;
}

const STYLES: Record<Kind, Style> = {
  success: { box: 'bg-green-50 text-green-900 border-green-200', icon: CheckCircle2 },
  info: { box: 'bg-blue-50 text-blue-900 border-blue-200', icon: Info },
  warning: { box: 'bg-yellow-50 text-yellow-900 border-yellow-200', icon: TriangleAlert },
  error: { box: 'bg-red-50 text-red-900 border-red-200', icon: OctagonAlert },
};

interface AlertProps {
  kind: Kind;
  title: string;
  children?: React.ReactNode;
  onClose?: () => void;
}

function Alert({ kind, title, children, onClose }: AlertProps) {
  const { box, icon: Icon } = STYLES[kind];

  return (
    <div role={kind === 'error' ? 'alert' : 'status'} className={`flex gap-4 rounded-lg border p-4 ${box}`}>
      <Icon className="mt-0.5 h-5 w-5 shrink-0" />
      <div className="flex-1">
        <h3 className="font-semibold">{title}</h3>
        {children ? <div className="mt-1 text-sm opacity-90">{children}</div> : null}
      </div>
      {onClose && (
        <button type="button" onClick={onClose} aria-label="Dismiss">
          <X className="h-4 w-4" />
        </button>
      )}
    </div>
  );
}

export default function AlertStack() {
  const [hidden, setHidden] = useState<string[]>([]);
  const close = (id: string) => () => setHidden((ids) => ids.concat(id));

  return (
    <div className="mx-auto max-w-xl space-y-4 p-8">
      {/* Each one can be closed, apart from the last. */}
      {!hidden.includes('saved') && (
        <Alert kind="success" title="Saved" onClose={close('saved')}>
          Your changes are live. <a href="#view" className="font-medium underline">View them</a>
        </Alert>
      )}
      {!hidden.includes('update') && (
        <Alert kind="info" title="An update is available" onClose={close('update')}>
          Version 3.1 fixes:
          <ul className="ml-5 mt-2 list-disc">
            <li>dates before 1970</li>
            <li>names with apostrophes (sorry, O&apos;Brien)</li>
          </ul>
        </Alert>
      )}
      {!hidden.includes('space') && <Alert kind="warning" title="You've used 92 % of your space" onClose={close('space')} />}
      <Alert kind="error" title="Payment failed">
        The bank said: <code>{`{"code": "51"}`}</code>. Whatever that means.
      </Alert>
    </div>
  );
}
