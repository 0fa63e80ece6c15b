; What Tauri's template has around packaging/windows/hooks.nsh, and nothing more, for the compiler of NSIS to check the hooks
; with. What is said of the template is true of tauri-bundler 2.10.
Unicode true
!include LogicLib.nsh
!include FileFunc.nsh
; Before the rest, as there: the hooks know no definition of the template but inside their macros.
!include "${HOOKS}"

!define PRODUCTNAME "Jean Memory Bridge"
!define MANUPRODUCTKEY "Software\The authors of Jean Memory Bridge\${PRODUCTNAME}"
!define MAINBINARYNAME "jean-memory-bridge"

Name "${PRODUCTNAME}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\${PRODUCTNAME}"
RequestExecutionLevel user
Var PassiveMode
Var UpdateMode
Var DeleteAppDataCheckboxState

; The original asks and ends; twice in a section it must not use a name twice.
!macro CheckIfAppIsRunning executablePath productName
  !define UniqueID ${__LINE__}
  ${If} ${FileExists} "${executablePath}"
    Goto done_${UniqueID}
  ${EndIf}
  done_${UniqueID}:
  !undef UniqueID
!macroend

Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Function .onInit
  ${GetOptions} $CMDLINE "/P" $PassiveMode
FunctionEnd

Section Install
  SetOutPath $INSTDIR
  !insertmacro NSIS_HOOK_PREINSTALL
  !insertmacro CheckIfAppIsRunning "$INSTDIR\${MAINBINARYNAME}.exe" "${PRODUCTNAME}"
  File "/oname=jean-memory-bridge.exe" "${PROGRAM}"
  File "/oname=jean-bridge.exe" "${PROGRAM}"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  !insertmacro NSIS_HOOK_POSTINSTALL
SectionEnd

Function un.onInit
  ${GetOptions} $CMDLINE "/UPDATE" $UpdateMode
  ; There a box to tick; here an option.
  ${GetOptions} $CMDLINE "/DATA" $0
  ${IfNot} ${Errors}
    StrCpy $DeleteAppDataCheckboxState 1
  ${EndIf}
FunctionEnd

Section Uninstall
  !insertmacro NSIS_HOOK_PREUNINSTALL
  !insertmacro CheckIfAppIsRunning "$INSTDIR\${MAINBINARYNAME}.exe" "${PRODUCTNAME}"
  Delete "$INSTDIR\${MAINBINARYNAME}.exe"
  Delete "$INSTDIR\jean-bridge.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ${If} $UpdateMode <> 1
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${PRODUCTNAME}"
  ${EndIf}
  !insertmacro NSIS_HOOK_POSTUNINSTALL
SectionEnd
