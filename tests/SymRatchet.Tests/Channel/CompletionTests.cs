using SymRatchet.Channel;

namespace SymRatchet.Tests.Channel;

public sealed class CompletionTests
{
    private Completion _completion;

    [Fact]
    public async Task Whoever_waits_before_it_completes_or_after_goes_on()
    {
        Task early = _completion.AsTask();
        Assert.False(early.IsCompleted || _completion.IsCompleted);
        Assert.Same(early, _completion.AsTask());
        _completion.Complete();
        Assert.True(_completion.IsCompleted);
        await early;
        await _completion.AsTask();
    }

    [Fact]
    public void Without_a_wait_there_is_no_task_of_its_own()
    {
        _completion.Complete();
        Assert.Same(Task.CompletedTask, _completion.AsTask());
    }

    [Fact]
    public async Task The_first_end_stays()
    {
        Task early = _completion.AsTask();
        _completion.Fail(new InvalidOperationException("first"));
        _completion.Complete();
        _completion.Fail(new InvalidOperationException("third"));
        Assert.Equal("first", (await Assert.ThrowsAsync<InvalidOperationException>(() => early)).Message);
        Assert.Equal(
            "first",
            (await Assert.ThrowsAsync<InvalidOperationException>(() => _completion.AsTask())).Message
        );
    }

    [Fact]
    public async Task A_continuation_does_not_run_inside_the_call_that_completes()
    {
        using ManualResetEventSlim release = new();
        Task waiting = WaitAsync(_completion.AsTask());

        // On a thread of the pool: under a synchronization context no continuation runs inside anything. This would not
        // return before the assertion has failed if it did here.
        await Task.Run(_completion.Complete);
        release.Set();
        await waiting;

        async Task WaitAsync(Task task)
        {
            await task.ConfigureAwait(false);
            Assert.True(release.Wait(TimeSpan.FromSeconds(30)));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failure_that_nobody_waits_for_is_not_unobserved(bool wasGivenUp)
    {
        string mark = Guid.NewGuid().ToString();
        int unobserved = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, args) =>
            unobserved += args.Exception.ToString().Contains(mark, StringComparison.Ordinal) ? 1 : 0;
        TaskScheduler.UnobservedTaskException += count;
        try
        {
            await FailAsync();
            for (int i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= count;
        }

        Assert.Equal(0, unobserved);

        async Task FailAsync()
        {
            Box box = new();
            using CancellationTokenSource source = new();
            Task waiting = wasGivenUp ? box.Completion.AsTask().WaitAsync(source.Token) : Task.CompletedTask;
            await source.CancelAsync();
            if (wasGivenUp)
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            box.Completion.Fail(new InvalidOperationException(mark));
        }
    }

    [Fact]
    public async Task However_a_wait_and_the_end_meet_the_wait_returns()
    {
        for (int i = 0; i < 20_000; i++)
        {
            Box box = new();
            using Barrier start = new(2);
            var waiting = Task.Run(() =>
            {
                start.SignalAndWait();
                return box.Completion.AsTask();
            });
            start.SignalAndWait();
            box.Completion.Complete();
            await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    private sealed class Box
    {
        internal Completion Completion;
    }
}
