import React, { useState } from 'react';
import { ChevronRight, File, Folder, FolderOpen } from 'lucide-react';

interface Node {
  name: string;
  size?: number;
  children?: Node[];
}

const tree: Node = {
  name: 'harbour',
  children: [
    {
      name: 'src',
      children: [
        { name: 'index.ts', size: 1204 },
        { name: 'tides.ts', size: 8832 },
        { name: 'boats', children: [{ name: 'ferry.ts', size: 431 }, { name: 'tug.ts', size: 97 }] },
      ],
    },
    { name: 'README.md', size: 2210 },
    { name: '.env', size: 0 },
  ],
};

const units = ['B', 'KB', 'MB'];

function human(bytes: number): string {
  let i = 0;
  while (bytes >= 1024 && i < units.length - 1) {
    bytes /= 1024;
    i++;
  }
  return `${i === 0 ? bytes : bytes.toFixed(1)} ${units[i]}`;
}

function count(node: Node): number {
  return node.children ? node.children.reduce((n, child) => n + count(child), 0) : 1;
}

const Entry: React.FC<{ node: Node; depth?: number }> = ({ node, depth = 0 }) => {
  const [open, setOpen] = useState(depth < 2);
  const isFolder = Array.isArray(node.children);

  if (!isFolder) {
    return (
      <div className="flex items-center gap-2 py-1 text-sm" style={{ paddingLeft: depth * 16 + 20 }}>
        <File size={14} className="text-slate-400" />
        <span className={node.name.startsWith('.') ? 'text-slate-400' : ''}>{node.name}</span>
        <span className="ml-auto text-xs text-slate-400">{human(node.size ?? 0)}</span>
      </div>
    );
  }

  return (
    <div role="treeitem" aria-expanded={open}>
      <button onClick={() => setOpen(!open)} className="flex w-full items-center gap-2 py-1 text-sm hover:bg-slate-100" style={{ paddingLeft: depth * 16 }}>
        <ChevronRight size={12} className={open ? 'rotate-90' : undefined} />
        {open ? <FolderOpen size={14} className="text-amber-500" /> : <Folder size={14} className="text-amber-500" />}
        {node.name}
        <span className="ml-auto text-xs text-slate-400">{count(node)} files</span>
      </button>
      {open && (
        <div role="group">
          {node.children!.map((child) => (
            <Entry key={child.name} node={child} depth={depth + 1} />
          ))}
        </div>
      )}
    </div>
  );
};

export default function FileExplorer() {
  return (
    <div className="w-80 rounded-lg border bg-white p-4 font-mono text-slate-800 shadow-sm">
      <h3 className="mb-3 text-xs font-bold uppercase tracking-wider text-slate-500">Explorer</h3>
      <div role="tree">
        <Entry node={tree} />
      </div>
    </div>
  );
}
