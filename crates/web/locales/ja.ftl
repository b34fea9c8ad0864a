# 各ページ共通
brand = Selfsame
skip-link = 本文へ移動
nav-label = アカウント
nav-activity = 利用履歴
nav-sign-out = ログアウト
language-label = 言語
footer = ログイン方法はいくつでも、アカウントはひとつ。
continue = 次へ
cancel = キャンセル
undo = 元に戻す
or = または
list-separator = 、
support-code = お問い合わせコード

# 日付
moment = { $year }年{ $month }{ $day }日 { $time }（UTC）
day = { $year }年{ $month }{ $day }日
month-1 = 1月
month-2 = 2月
month-3 = 3月
month-4 = 4月
month-5 = 5月
month-6 = 6月
month-7 = 7月
month-8 = 8月
month-9 = 9月
month-10 = 10月
month-11 = 11月
month-12 = 12月

# 端末
device = { $system } の { $browser }
device-unknown = 不明な端末

# 入力欄
field-email = メールアドレス
field-password = パスワード
field-account-password = このアカウントのパスワード
field-name = お名前
field-code = メールに記載のコード
field-new-password = パスワードを決める
field-new-password-hint = 8文字以上。関連のない単語をいくつか並べるのもおすすめです。
password-show = 表示する
password-hide = 隠す
error-summary = まだ完了していません

# ログイン
sign-in-title = ログイン
to-continue-to = { $client } に進みます
continue-with = { $provider } で続ける
last-used = 前回使用
sign-in-switch-notice = 現在 { $name } としてログインしています。別の人としてログインすると、どちらのアカウントを使うかお尋ねします。
sign-in-nothing-enabled = 現在ログインは停止しています。しばらくしてからお越しください。
cancelled-way-on = もう一度選ぶか、別の方法を選んでください。
sign-in-new-here = はじめての方は
sign-in-forget = ご本人でない場合：このブラウザーの記憶を消す
not-you = 別の人ですか？
password-title = パスワードを入力
password-code-title = ご本人の確認
sign-up-title = アカウントを作成
sign-up-submit = アカウントを作成
sign-up-next = 次に、このアドレスへコードをお送りします。コードを入力するまでは何も作成されません。
sign-up-have-account = アカウントをお持ちの方は

# コード
code-title = コードを入力
code-sent-to = コードの送信先：
code-purpose-sign-in = ここに入力するとログインできます。
code-purpose-sign-up = ここに入力するとアカウントが作成されます。
code-purpose-external = このアドレスは { $provider } から受け取りました。続けるにはコードを入力してください。その後のことはメールに書かれています。
code-purpose-confirm = ここに入力して、ご本人であることを確認してください。
code-resent = 新しいコードをお送りしました。以前のコードは使えません。
code-attempts-left = あと { $count } 回入力できます。その後は新しいコードが必要です。
code-not-there = 届かないときは、迷惑メールを確認するか、1分ほどお待ちください。
code-resend = 新しいコードを送る

# 切り替えとログアウト
switch-title = どちらのアカウントを使いますか？
switch-lead = ここでは別のアカウントですでにログインしています。
switch-other = いまログインしたアカウント
switch-current = これまでのアカウント
switch-do = このアカウントに切り替える
switch-stay = このアカウントのまま使う
switch-unchanged = どちらのアカウントも変更されません。
signed-out-title = ログアウトしました
signed-out-lead = このウィンドウは閉じてかまいません。開いているアプリでは、しばらくログインが続くことがあります。

# カード
card-external = { $provider } のアカウント
card-address-not-confirmed = アドレス未確認
card-id = IDの末尾
card-look-twice = この名前には異なる文字体系や見えない文字が含まれています。続ける前にIDを確かめてください。
card-account = こちらのアカウント

# 競合と連携
conflict-title = すでにアカウントがあります
conflict-lead = ご自分のものであることを一度確認すれば、これからは { $provider } でもログインできます。
conflict-used = いま使ったもの
conflict-found = このアドレスのアカウント
conflict-prove = これはあなたのアカウントですか？
effects-change = これから起こること
effects-stay = 変わらないこと
conflict-change = { $provider } が、このアカウントのログイン方法のひとつになります。
conflict-stay = データ、アドレス、ほかのログイン方法はそのままです。こちらから { $provider } に渡すものはありません。
conflict-without = 連携せずに続ける
proof-others = ほかの方法で確認する
proof-password = パスワードを使う
proof-confirm = 確認して進む
proof-code = メールでコードを受け取る
confirm-link-title = この { $provider } アカウントを連携しますか？
confirm-link-silent = { $provider } からこのアカウントが返ってきました。お望みのものか確かめてください。
confirm-link-lead = 連携したいアカウントかどうか確かめてください。
confirm-link-used = { $provider } から
confirm-link-yours = こちらのアカウント
confirm-link-do = { $provider } を連携する
confirm-link-cancel = 連携しない
connect-title = { $provider } を連携
connect-lead = { $provider } に移動し、そこでアカウントを選ぶと、ここに戻ります。
connect-with = 提供元
connect-you-choose = アカウントは次のページで選びます。
connect-change = その { $provider } アカウントにログインできる人は、こちらのアカウントも開けるようになります。メールでお知らせします。
connect-stay = データやほかのログイン方法はそのままです。{ $provider } はいつでも解除できます。
connect-do = { $provider } へ移動
linked-title = { $provider } を連携しました
linked-lead = これからは { $provider } でもログインできます。お知らせのメールをお送りしました。
linked-new = 新しいログイン方法
linked-not-yours = 意図したものと違いますか？
linked-undo = 解除する
notice-other-account-title = 別のアカウントがすでに連携されています
notice-address-taken-title = このアドレスのアカウントがあります
notice-refused-title = この操作はお受けできません
notice-returning-title = このログイン方法は以前に解除されています
again-title = { $provider } でもう一度確認してください
again-lead = { $provider } から戻って数分が経ちました。完了するには、もう一度 { $provider } で確認してください。ここまでの操作は失われません。
again-used = 使用したアカウント
notice-unchanged = 何も変更・連携されていません。

# 次の行き先
way-sign-in = ログイン
way-other-sign-in = ほかの方法でログイン
way-sign-up = アカウントを作成
way-try-again = もう一度試す
way-start-over = 最初からやり直す
way-account = アカウントに戻る
way-home = トップページへ
way-back = 戻る

# アカウント
account-title = ログイン方法
access-usable =
    { $count ->
        [0] 現在、ログインできる方法がありません。
       *[other] { $count } 個の方法のどれでもログインできます。
    }
access-one-mailbox = うち { $count } 個は同じメールボックスに依存しています。
access-all-one-mailbox = どれも同じメールボックスに依存しています。
account-methods = 使えるログイン方法
account-methods-none = ログイン方法がまだありません。下から追加してください。
badge-used-now = 使用中
badge-needs-attention = 要確認
badge-provider-disabled = 停止中
method-password = パスワード
method-email-code = メールのコード
method-linked-on = 連携日
method-set-on = 設定日
method-last-used = 最終使用
method-never-used = 未使用
method-change-password = 変更
method-password-stays = 変更はできますが、解除はできません。
method-email-code-stays = 確認済みのメールアドレスに付いています。
method-remove = 解除
method-remove-label = { $provider } を解除
account-add = ログイン方法を追加
account-add-lead = もうひとつ方法があると、ログインできなくなる心配がありません。
account-connect = { $provider } を連携
account-set-password = パスワードを設定
account-addresses = メールアドレス
account-addresses-none = 確認済みのアドレスはまだありません。
address-proven-on = 確認日
account-sessions = ログイン中の端末
session-current = この端末
session-since = 開始
session-end = 終了
session-end-label = { $device } のセッションを終了
account-see-activity = 最近の利用履歴を見る
flash-linked = { $provider }（{ $account }）を連携しました。
flash-removed = { $provider } ではログインできなくなりました。
flash-password-set = パスワードを設定しました。
flash-session-ended = セッションを終了しました。
flash-cancelled = 連携せずに { $provider } から戻りました。何も変わっていません。
flash-already-linked = この { $provider } アカウントはすでに連携されています。

# 解除
remove-title = { $provider } を解除しますか？
remove-what = このログイン方法
remove-change = { $provider } ではログインできなくなります。メールでもお知らせします。
remove-sessions = これで始めた { $count } 件のセッションが終了します。
remove-this-session = いまお使いのセッションも含まれるため、もう一度ログインが必要です。
remove-stay = 引き続き使えるログイン方法：{ $methods }
remove-step-up = ご本人であることの確認をお願いします。
remove-do = { $provider } を解除
remove-keep = そのままにする
remove-again = あとでもう一度連携できます。

# 本人確認
step-up-title = ご本人の確認
step-up-connect = { $provider } をアカウントに連携しようとしています。
step-up-remove = { $provider } をアカウントから解除しようとしています。
step-up-set-password = アカウントのパスワードを設定しようとしています。
step-up-continue = ログインしてから時間がたっています。
step-up-none = ここで確認できる方法がありません。一度ログアウトし、ログインし直してからお戻りください。
step-up-cancel = キャンセルして戻る

# 利用履歴
activity-title = 最近の利用履歴
activity-lead = アカウントに関わるすべての出来事です。心当たりのないものがあれば、そのログイン方法を解除し、セッションを終了してください。
activity-none = まだ何もありません。
activity-by = 方法：
activity-by-operator = 管理者による操作
activity-older = 以前の履歴
event-what-unknown = ログイン方法
event-user-created = アカウントが作成されました
event-user-disabled = アカウントが停止されました
event-user-enabled = アカウントが再開されました
event-user-deleted = アカウントが削除されました
event-signed-in = ログインしました
event-signed-out = ログアウトしました
event-stepped-up = ご本人であることを確認しました
event-session-ended = セッションが終了しました
event-address-proven = アドレスを確認：{ $what }
event-password-set = パスワードが設定されました
event-linked = 連携：{ $what }
event-unlinked = 解除：{ $what }
event-link-refused = 連携されませんでした：{ $what }
event-recycled-identity-noticed = 連携していないアカウントがあなたのアドレスを使いました：{ $what }
event-connection-declared = 提供元を追加：{ $what }
event-connection-enabled = 提供元を有効化：{ $what }
event-connection-disabled = 提供元を停止：{ $what }

# パスワード
set-password-title = パスワードを設定
set-password-change-title = パスワードを変更
set-password-lead = ログイン方法がひとつ増えます。
set-password-change-lead = ほかの端末やアプリからはログアウトします。
set-password-do = パスワードを保存

# エラー
error-title-not-found = ページが見つかりません
error-title-unavailable = まもなく再開します
error-title-cancelled = ログインせずに戻りました
error-title-provider = 提供元から正しい応答がありませんでした
error-title-stale = このページは古くなっています
error-title-wait = 少しお待ちください
error-title-wrong = うまくいきませんでした
error-title-refused = この操作はお受けできません
error-retry = 少し待ってから、このページを再読み込みしてください。

# 理由
reason-other = うまくいきませんでしたが、何も変更されていません。もう一度お試しください。
reason-provider-down = 現在、提供元に接続できません。1分ほどしてからもう一度試すか、ほかの方法でログインしてください。
reason-provider-cancelled = 提供元でのログインが取り消されました。何も変わっていません。
reason-provider-answer-invalid = 提供元の応答が確認を通らなかったため、使用しませんでした。もう一度試すか、ほかの方法でログインしてください。
reason-flow-expired = 時間がたったため、この手続きは終了しました。最初からやり直してください。
reason-flow-spent = この手順はすでに完了しています。このまま続けるか、最初からやり直してください。
reason-flow-forged = このページは、このブラウザーで始めたログインのものではありません。ここからやり直してください。
reason-origin-mismatch = このリクエストは当サイトのページから送られたものではありません。ページを開き直してお試しください。
reason-wrong-password = アドレスとパスワードが一致しません。両方を確かめるか、ほかの方法をお選びください。
reason-wrong-code = 最後にお送りしたコードと異なります。最新のメールと見比べてください。
reason-code-expired = このコードは期限が切れています。新しいコードを受け取ってください。
reason-code-attempts-used-up = このコードの入力回数が上限に達しました。新しいコードを受け取ってください。
reason-throttled = 試行が続いたため、数分待ってからもう一度お試しください。
reason-last-method = ログインできる唯一の方法です。先に別の方法を追加してください。
reason-session-expired = ログアウトされています。もう一度ログインしてください。
reason-step-up-needed = 先にご本人の確認をお願いします。
reason-identity-of-other-user = この提供元のアカウントは、こちらの別のアカウントですでに使われています。それでログインして解除してから、ここで連携してください。
reason-identity-held = このログイン方法は安全のため一時停止中です。ほかの方法でログインしてください。
reason-match-inactive = この方法ではログインできません。下のコードを添えてお問い合わせください。
reason-same-provider-other-subject = こちらのアカウントには、同じ提供元の別のアカウントが連携されています。そちらでログインしてから、これを追加してください。
reason-address-belongs-to-account = このアドレスのアカウントがすでにあります。そちらにログインしてください。
reason-sign-up-closed = 新しいアカウントの作成は受け付けていません。お持ちのアカウントでログインしてください。
reason-sign-up-invited = 新しいアカウントは招待制です。招待に記載のリンクをご利用ください。
reason-link-limit = この提供元のアカウントはこれ以上連携できません。別のものを連携するには、ひとつ解除してください。
reason-purpose-forbids = この提供元は、この用途には使えません。ほかの方法を選んでください。
reason-connection-disabled = この提供元でのログインは現在停止しています。ほかの方法を選んでください。
reason-unknown-connection = この提供元は登録されていません。一覧から選んでください。
reason-old-epoch = 前回のご利用後に、この連携は設定し直されました。ほかの方法でログインし、もう一度連携してください。
reason-user-inactive = 現在このアカウントは使えません。下のコードを添えてお問い合わせください。
reason-weak-password = このパスワードは推測されやすいものです。もっと長くするか、関連のない単語をいくつか並べてください。
reason-invalid-address = メールアドレスの形になっていないようです。name@example.org のように入力してください。
reason-wrong-user-proved = 表示されているものとは別のアカウントが確認されました。このページのアカウントの方法を使ってください。
reason-proof-by-same-identity = それはこれから連携するアカウントそのものです。ほかの方法で確認してください。
reason-not-fresh = 提供元での前回のログインから時間がたっています。提供元でもう一度ログインしてください。
reason-database-unavailable = 現在データに接続できません。失われたものはありません。少し待ってからお試しください。
reason-bad-request = リクエストの内容に想定と異なる点がありました。戻ってもう一度お試しください。
reason-not-found = このページは存在しないか、移動しました。
reason-already-linked = すでにこのアカウントに連携されています。
reason-link-not-found = このログイン方法はもうアカウントにありません。
reason-password-already-set = パスワードはすでに設定されています。変更することができます。
reason-level-too-low = この操作には、より安全なログイン方法が必要です。
reason-mail-limit = このアドレスにはすでに何通かお送りしています。しばらく待ってから再度お申し込みください。
reason-internal-error = こちらで問題が起きました。何も変更されていません。もう一度お試しください。
reason-method-not-allowed = このログイン方法はここでは使えません。ほかの方法を選んでください。
reason-invalid-name = お名前を1行に収まる長さで入力してください。
reason-no-account-here = このアドレスのアカウントはまだありません。新しく作成するか、別のアドレスをお試しください。
reason-identity-was-removed = この提供元のアカウントは以前連携され、その後解除されました。もう一度連携するには、まずほかの方法でログインしてください。新しいアカウントで始めることもできます。
reason-ticket-outdated = 手続きの開始後にアカウントが変更されました。最初からやり直してください。
reason-unknown-application = ここへ移動した元のアプリが登録されていません。いつもの方法でアプリを開き直してください。
reason-redirect-not-registered = アプリが、登録されていない場所への移動を求めたため中止しました。アプリの運営者にお知らせください。
reason-handover-invalid = アプリへの引き継ぎが遅れたか、重複しました。アプリでもう一度ログインしてください。
reason-busy = 現在混み合っています。失われたものはありません。少し待ってからお試しください。
reason-too-short = このパスワードは短すぎます。8文字以上にしてください。
reason-too-long = このパスワードは長すぎます。もう少し短くしてください。
reason-guessable = このパスワードは推測されやすいものです。関連のない単語をもう少し足してください。
reason-keyboard-row = キーボードの並びは推測されやすいものです。関連のない単語を並べるほうが安全です。
reason-keyboard-pattern = キーボード上の短いパターンは推測されやすいものです。関連のない単語を並べるほうが安全です。
reason-repeated-character = 同じ文字の繰り返しはあまり役に立ちません。関連のない単語を並べてみてください。
reason-repeated-pattern = 同じ並びの繰り返しはあまり役に立ちません。関連のない単語を並べてみてください。
reason-common-password = このパスワードは多くの人が使っているため、最初に試されます。別のものを選んでください。
reason-similar-to-common = 多くの人が使うパスワードに似ています。別のものを選んでください。
reason-sequence = abc や 6543 のような並びは推測されやすいものです。関連のない単語を並べてみてください。
reason-recent-year = 年号は推測されやすいものです。関連のない単語を並べてみてください。
reason-single-word = 単語ひとつだけでは推測されやすいものです。関連のない単語を2つか3つ足してください。
reason-date = 日付は推測されやすいものです。関連のない単語を並べてみてください。
reason-name = 名前は推測されやすいものです。関連のない単語を足してください。

# メール
mail-a-provider = 外部の提供元
mail-button = アカウントを確認する
mail-footer = このメールは、{ $origin } で確認済みのアドレスにお送りしています。
mail-code-footer = { $origin } でこのアドレスが入力されたため、お送りしています。
mail-fact-client = 利用先
mail-fact-account = { $provider } のアカウント
mail-fact-id = IDの末尾
mail-fact-at = 日時
mail-fact-device = 端末
mail-fact-place = 場所
mail-fact-proof = 確認方法
mail-code-subject = コードのお知らせ
mail-code-heading = コードのお知らせ
mail-code-lead-sign-in = このアドレスでログインしようとしている方がいます。
mail-code-lead-sign-up = このアドレスでアカウントを作成しようとしている方がいます。
mail-code-lead-connect = { $provider } でログインした方が、このアドレスを示しました。
mail-code-lead-confirm = アカウントの開き方を変更しようとしている方がいます。
mail-code-valid = 有効期間は { $count } 分です。
mail-code-follows-sign-in = 入力した人がログインします。
mail-code-follows-sign-up = 入力するとアカウントが作成されます。
mail-code-follows-connect = 入力すると、このメールボックスがご自分のものであると確認できます。このアドレスのアカウントがある場合、連携の前に次のページでお尋ねします。
mail-code-follows-confirm = 入力すると、申し込んだブラウザーで変更が確認されます。
mail-code-lead-sign-in-unknown = このアドレスでログインしようとしている方がいます。このアドレスのアカウントはまだありません。
mail-code-lead-sign-up-known = このアドレスでアカウントを作成しようとしている方がいます。アカウントはすでにあります。
mail-code-lead-prove = { $provider } のアカウントを、あなたのアカウントに連携しようとしている方がいます。
mail-code-follows-sign-in-unknown = 入力すると、続けてアカウントを作成できます。
mail-code-follows-sign-up-known = 入力すると、すでにあるアカウントへ進みます。新しいアカウントは作成されません。
mail-code-follows-prove = 入力すると、下に示すアカウントが連携されます。以後、そこにログインできる人は、あなたのアカウントも開けるようになります。
mail-code-not-you = お心当たりがなければ、何もする必要はありません。コードがなければ誰も先へ進めません。コードは誰にも教えないでください。こちらからお尋ねすることもありません。
mail-linked-subject = { $provider } がアカウントに連携されました
mail-linked-heading = 新しいログイン方法
mail-linked-lead = { $provider } がアカウントに連携され、ログインに使えるようになりました。
mail-linked-not-you = お心当たりがなければ、アカウントを開いて { $provider } を解除し、見覚えのないセッションを終了してください。
mail-unlinked-subject = { $provider } がアカウントから解除されました
mail-unlinked-heading = ログイン方法が解除されました
mail-unlinked-lead = { $provider } ではログインできなくなりました。これで始めたセッションは終了しています。
mail-unlinked-not-you = お心当たりがなければ、アカウントを開いて、ログイン方法とセッションを確認してください。
mail-recycled-identity-subject = 別の { $provider } アカウントであなたのアドレスが使われました
mail-recycled-identity-heading = 別の { $provider } アカウント、同じアドレス
mail-recycled-identity-lead = あなたのアドレスを持つ別の { $provider } アカウントでログインした方がいます。連携はされず、アカウントに変更はありません。
mail-recycled-identity-not-you = ご本人の場合は、いつもどおりログインし、設定からそのアカウントを追加してください。そうでなければ、何もする必要はありません。
mail-password-set-subject = パスワードが設定されました
mail-password-set-heading = パスワードが設定されました
mail-password-set-lead = これからは新しいパスワードでログインできます。
mail-password-set-not-you = お心当たりがなければ、ほかの方法でアカウントを開き、新しいパスワードを設定して、見覚えのないセッションを終了してください。
mail-user-disabled-subject = アカウントが停止されました
mail-user-disabled-heading = アカウントが停止されました
mail-user-disabled-lead = 管理者がアカウントを停止しました。すべてのセッションは終了しましたが、データは残っています。
mail-user-disabled-not-you = 理由がご不明な場合は、このサービスの運営者にお問い合わせください。
mail-user-deleted-subject = アカウントが削除されました
mail-user-deleted-heading = アカウントが削除されました
mail-user-deleted-lead = アカウントと、保存されていたあなたの情報が削除されました。すべてのセッションは終了しています。
mail-user-deleted-not-you = お心当たりがない場合は、このサービスの運営者にお問い合わせください。

# 続ける
notice-continue = そのアカウントにログイン
notice-separate = 別のアカウントで続ける
continue-title = { $client } に進む
continue-lead = すでにログインしています。
continue-do = { $client } に進む
continue-switch = 別のアカウントを使う
