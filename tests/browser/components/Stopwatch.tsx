import React from "react";

type Props = {};
type State = { running: boolean; elapsed: number; laps: number[] };

/** A class component, because somebody always has one. */
class Stopwatch extends React.Component<Props, State> {
  private timer: ReturnType<typeof setInterval> | null = null;
  private started = 0;

  state: State = { running: false, elapsed: 0, laps: [] };

  componentWillUnmount() {
    if (this.timer !== null) clearInterval(this.timer);
  }

  start = () => {
    this.started = Date.now() - this.state.elapsed;
    this.timer = setInterval(() => this.setState({ elapsed: Date.now() - this.started }), 50);
    this.setState({ running: true });
  };

  stop = () => {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.setState({ running: false });
  };

  reset = () => this.setState({ elapsed: 0, laps: [] });

  lap = () => this.setState(({ laps, elapsed }) => ({ laps: [elapsed, ...laps] }));

  static format(ms: number): string {
    const minutes = String(Math.floor(ms / 60_000)).padStart(2, "0");
    const seconds = String(Math.floor(ms / 1000) % 60).padStart(2, "0");
    return `${minutes}:${seconds}.${String(Math.floor(ms / 10) % 100).padStart(2, "0")}`;
  }

  renderLaps() {
    const { laps } = this.state;
    if (laps.length === 0) {
      return <p className="py-6 text-center text-gray-400">No laps yet</p>;
    }
    const best = Math.min(...laps);
    return (
      <ol reversed className="divide-y text-sm">
        {laps.map((lap, index) => (
          <li key={laps.length - index} className="flex justify-between py-2">
            <span>Lap {laps.length - index}</span>
            <code className={lap === best ? "text-green-600" : ""}>{Stopwatch.format(lap)}</code>
          </li>
        ))}
      </ol>
    );
  }

  render() {
    const { running, elapsed } = this.state;
    return (
      <div className="mx-auto w-72 rounded-3xl bg-white p-6 shadow-lg">
        <h2 className="text-center text-sm uppercase tracking-widest text-gray-500">Stopwatch</h2>
        <output className="my-6 block text-center font-mono text-4xl">{Stopwatch.format(elapsed)}</output>
        <div className="flex justify-center gap-3">
          <button onClick={running ? this.stop : this.start} className="rounded-full bg-emerald-600 px-5 py-2 text-white">
            {running ? "Stop" : "Start"}
          </button>
          <button onClick={running ? this.lap : this.reset} className="rounded-full border px-5 py-2">
            {running ? "Lap" : "Reset"}
          </button>
        </div>
        {this.renderLaps()}
      </div>
    );
  }
}

export default Stopwatch;
